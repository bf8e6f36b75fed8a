using System.Globalization;
using System.Text.Json.Nodes;
using ExpEther.Bridge.Hosts;
using ExpEther.Daemon.Ownership;
using ExpEther.Link.Ethernet;

namespace ExpEther.Daemon.Hosts;

/// <summary>
/// Which slot of a host is whose, in the file <c>slots-VLAN-MAC.json</c> of the state folder: VLAN and MAC are the host's identity. A file that cannot be
/// read counts as none, and is told.
/// </summary>
internal sealed class FileSlotStore : ISlotStore
{
    private const int Format = 1;
    private const int FileBytesMax = 64 << 10;

    private readonly StateWriter _writer;
    private readonly IEventSink _events;
    private readonly string _host;

    /// <param name="folder">Made when it does not exist.</param>
    /// <param name="host">The host's name, in reports.</param>
    /// <param name="vlan">The host's.</param>
    /// <param name="mac">The host's.</param>
    /// <param name="writer">Of the daemon.</param>
    /// <param name="events">Told when the file cannot be read.</param>
    /// <exception cref="IOException">The folder cannot be made; the message names the key.</exception>
    public FileSlotStore(string folder, string host, VlanId vlan, MacAddress mac, StateWriter writer, IEventSink events)
    {
        StateFolder.Make(folder);
        (_host, _writer, _events) = (host, writer, events);
        FilePath = Path.Combine(
            folder, string.Create(CultureInfo.InvariantCulture, $"slots-{vlan.Value}-{mac.ToString().Replace(':', '-')}.json"));
    }

    public string FilePath { get; }

    public void Save(IReadOnlyList<KeptSlot> slots) => _writer.Write(FilePath, CheckedJson.Write(Format, new JsonObject
    {
        ["slots"] = new JsonArray([.. slots.Select(kept => (JsonNode)new JsonObject
        {
            ["slot"] = kept.Slot, ["box"] = kept.Box.ToString(), ["function"] = kept.Function, ["expected"] = kept.IsExpected,
        })]),
    }));

    public IReadOnlyList<KeptSlot> Load()
    {
        string why;
        try
        {
            if (!File.Exists(FilePath))
            {
                return [];
            }

            var content = new FileInfo(FilePath).Length <= FileBytesMax
                ? CheckedJson.TryRead(Format, File.ReadAllText(FilePath), out why)
                : CheckedJson.TryRead(Format, "", out why);
            if (content is not null && Parse(content) is { } slots)
            {
                return slots;
            }

            why = why.Length > 0 ? why : "it names no slots";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            why = e.Message;
        }

        _events.Report(
            EventSeverity.Warning, _host, $"which slot is whose cannot be read from {FilePath} ({why}); functions get the slots that their boxes remember");
        return [];
    }

    private static List<KeptSlot>? Parse(JsonObject content)
    {
        var slots = new List<KeptSlot>();
        foreach (var found in content["slots"] as JsonArray ?? [])
        {
            if (found is not JsonObject kept || kept["slot"] is not JsonValue slot || !slot.TryGetValue<int>(out var number)
                || kept["box"] is not JsonValue box || !box.TryGetValue<string>(out var text) || !MacAddress.TryParse(text, out var mac)
                || kept["function"] is not JsonValue name || !name.TryGetValue<string>(out var function)
                || kept["expected"] is not JsonValue flag || !flag.TryGetValue<bool>(out var isExpected))
            {
                return null;
            }

            slots.Add(new KeptSlot(number, mac, function, isExpected));
        }

        return slots;
    }
}
