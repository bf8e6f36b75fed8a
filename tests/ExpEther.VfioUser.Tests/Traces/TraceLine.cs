using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using ExpEther.VfioUser.Protocol;
using ExpEther.VfioUser.Tests.Clients;

namespace ExpEther.VfioUser.Tests.Traces;

/// <summary>A line of a recorded exchange: who sent it, and the fields that the recorder decoded.</summary>
internal sealed partial class TraceLine
{
    private static readonly Dictionary<string, VfioUserCommand> Commands = new()
    {
        ["VERSION"] = VfioUserCommand.Version,
        ["DMA_MAP"] = VfioUserCommand.DmaMap,
        ["DMA_UNMAP"] = VfioUserCommand.DmaUnmap,
        ["DEVICE_GET_INFO"] = VfioUserCommand.DeviceGetInfo,
        ["DEVICE_GET_REGION_INFO"] = VfioUserCommand.DeviceGetRegionInfo,
        ["DEVICE_GET_IRQ_INFO"] = VfioUserCommand.DeviceGetIrqInfo,
        ["DEVICE_SET_IRQS"] = VfioUserCommand.DeviceSetIrqs,
        ["REGION_READ"] = VfioUserCommand.RegionRead,
        ["REGION_WRITE"] = VfioUserCommand.RegionWrite,
        ["DMA_WRITE"] = VfioUserCommand.DmaWrite,
        ["DEVICE_RESET"] = VfioUserCommand.DeviceReset,
    };

    private readonly Dictionary<string, ulong> _fields = [];
    private readonly string _text;

    private TraceLine(string text, Match match)
    {
        _text = text;
        IsFromClient = match.Groups["from"].Value == "C>S";
        Id = Convert.ToUInt16(match.Groups["id"].Value, 16);
        Command = Commands[match.Groups["command"].Value];
        Size = uint.Parse(match.Groups["size"].Value, CultureInfo.InvariantCulture);
        Flags = Convert.ToUInt32(match.Groups["flags"].Value, 16);
        foreach (Match field in Field().Matches(match.Groups["rest"].Value))
        {
            var value = field.Groups["value"].Value;
            _fields[field.Groups["name"].Value] = value.StartsWith("0x", StringComparison.Ordinal)
                ? Convert.ToUInt64(value, 16)
                : ulong.Parse(value, CultureInfo.InvariantCulture);
        }

        var data = DataField().Match(text);
        var raw = RawPayload().Match(match.Groups["rest"].Value);
        Data = Convert.FromHexString(data.Success ? data.Groups["hex"].Value : raw.Success ? raw.Value : "");
        Descriptors = text.Contains("fds=[", StringComparison.Ordinal)
            ? [.. DescriptorName().Matches(text[text.IndexOf("fds=[", StringComparison.Ordinal)..]).Select(m => m.Groups["name"].Value)]
            : [];
    }

    public bool IsFromClient { get; }

    public ushort Id { get; }

    public VfioUserCommand Command { get; }

    public uint Size { get; }

    public uint Flags { get; }

    public bool IsReply => (Flags & Message.Reply) != 0;

    /// <summary>Data of an access (the recorder kept the first 64 bytes), or a payload it did not decode.</summary>
    public byte[] Data { get; }

    public string[] Descriptors { get; }

    public static IEnumerable<TraceLine> Read(string name) =>
        from text in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Traces", name))
        let match = Line().Match(text)
        where match.Success
        select new TraceLine(text, match);

    public ulong this[string field] => _fields[field];

    public uint U32(string field) => (uint)_fields[field];

    public override string ToString() => _text.Length > 160 ? _text[..160] : _text;

    /// <summary>The message's bytes again.</summary>
    public byte[] ToMessage()
    {
        byte[][] parts = Command switch
        {
            _ when Size == 16 => [],
            VfioUserCommand.Version => [[(byte)this["major"], 0, (byte)this["minor"], 0], Json()],
            VfioUserCommand.DmaMap => [Message.Numbers(U32("argsz"), U32("flags")), Message.Numbers(this["offset"], this["addr"], this["size"])],
            VfioUserCommand.DmaUnmap => [Message.Numbers(U32("argsz"), U32("flags")), Message.Numbers(this["addr"], this["size"])],
            VfioUserCommand.DeviceGetInfo => [Message.Numbers(U32("argsz"), U32("flags"), U32("num_regions"), U32("num_irqs"))],
            VfioUserCommand.DeviceGetRegionInfo =>
                [Message.Numbers(U32("argsz"), U32("flags"), U32("index"), U32("cap_off")), Message.Numbers(this["size"], this["offset"])],
            VfioUserCommand.DeviceGetIrqInfo => [Message.Numbers(U32("argsz"), U32("flags"), U32("index"), U32("count"))],
            VfioUserCommand.DeviceSetIrqs => [Message.Numbers(U32("argsz"), U32("flags"), U32("index"), U32("start"), U32("count"))],
            VfioUserCommand.RegionRead or VfioUserCommand.RegionWrite =>
                [Message.Numbers(this["off"]), Message.Numbers(U32("region"), U32("count")), IsReply || Command == VfioUserCommand.RegionWrite ? Data : []],
            _ => [Data],
        };
        var message = Message.Of(Id, (ushort)Command, Flags, Size, 0, parts);
        Array.Resize(ref message, (int)Size);
        return message;
    }

    private byte[] Json()
    {
        var text = JsonField().Match(_text).Groups["json"].Value.Replace("\\x00", "\0", StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(text);
    }

    [GeneratedRegex(@"^\s*[\d.]+ (?<from>C>S|S>C) id=0x(?<id>\w+) (?<command>\w+) size=(?<size>\d+) flags=0x(?<flags>\w+) ?(?<rest>.*)$")]
    private static partial Regex Line();

    [GeneratedRegex(@"(?<!\w)(?!data=)(?<name>\w+)=(?<value>0x[0-9a-f]+|\d+)(?= |$)")]
    private static partial Regex Field();

    [GeneratedRegex(@" data=(?<hex>[0-9a-f]*)")]
    private static partial Regex DataField();

    [GeneratedRegex(@"^[0-9a-f]{32,}$")]
    private static partial Regex RawPayload();

    [GeneratedRegex(@"'(?<name>[^']*)'")]
    private static partial Regex DescriptorName();

    [GeneratedRegex(@"json=b'(?<json>.*?)'( fds=|$)")]
    private static partial Regex JsonField();
}
