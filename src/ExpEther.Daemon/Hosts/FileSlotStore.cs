using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ExpEther.Bridge.Hosts;
using ExpEther.Daemon.State;
using ExpEther.Link.Ethernet;

namespace ExpEther.Daemon.Hosts;

/// <summary>
/// Which slot of a host is whose, in the file <c>slots-VLAN-MAC.json</c> of the state folder: VLAN and MAC are the host's identity. A file that cannot be
/// used counts as none: that is told, and the file is kept aside.
/// </summary>
internal sealed class FileSlotStore : ISlotStore
{
    private const string Kind = "slots";
    private const int FormatVersion = 1;
    private const int FileBytesMax = 64 << 10;

    private readonly StateWriter _writer;
    private readonly StateFile _file;
    private readonly IEventSink _events;
    private readonly string _host;

    /// <param name="folder">Made when it does not exist.</param>
    /// <param name="host">The host's name, in reports.</param>
    /// <param name="vlan">The host's.</param>
    /// <param name="mac">The host's.</param>
    /// <param name="writer">Of the daemon.</param>
    /// <param name="events">Told when the file cannot be read.</param>
    /// <exception cref="IOException">The folder cannot be made or written, or another process has the file; the message says what to do.</exception>
    public FileSlotStore(string folder, string host, VlanId vlan, MacAddress mac, StateWriter writer, IEventSink events)
    {
        (_host, _writer, _events) = (host, writer, events);
        var name = string.Create(CultureInfo.InvariantCulture, $"slots-{vlan.Value}-{mac.ToString().Replace(':', '-')}.json");
        _file = writer.Open(folder, name, Kind, FileBytesMax);
    }

    public string FilePath => _file.FilePath;

    public void Save(IReadOnlyList<KeptSlot> slots)
    {
        var state = new JsonObject
        {
            ["slots"] = new JsonArray([.. slots.Select(kept => (JsonNode)new JsonObject
            {
                ["slot"] = kept.Slot, ["box"] = kept.Box.ToString(), ["function"] = kept.Function, ["expected"] = kept.IsExpected,
            })]),
        };
        _writer.Write(FilePath, StateEnvelope.Wrap(Kind, FormatVersion, Encoding.UTF8.GetBytes(state.ToJsonString())));
    }

    public IReadOnlyList<KeptSlot> Load()
    {
        var found = _file.Read();
        if (found.Condition is StateFileCondition.Missing or StateFileCondition.Lost)
        {
            return [];
        }

        var why = found.Problem.Length > 0 ? found.Problem
            : found.Condition == StateFileCondition.Unwrapped ? "it has no checksum"
            : found.Version != FormatVersion ? $"its version is {found.Version}, and this ExpEther reads {FormatVersion}"
            : "it names no slots";
        if (found is { Condition: StateFileCondition.Whole, Version: FormatVersion } && Parse(found.State) is { } slots)
        {
            return slots;
        }

        _events.Report(
            EventSeverity.Warning, _host,
            $"which slot is whose cannot be read from {FilePath} ({why}); functions get the slots that their boxes remember. {KeepAside()}");
        return [];
    }

    private string KeepAside()
    {
        try
        {
            return $"The file is kept as {_file.SetAside()}";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    private static List<KeptSlot>? Parse(byte[] state)
    {
        try
        {
            return JsonNode.Parse(state) is JsonObject content ? Parse(content) : null;
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            return null;
        }
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
