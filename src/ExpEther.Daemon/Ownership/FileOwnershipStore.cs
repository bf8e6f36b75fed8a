using System.Text.Json;
using System.Text.Json.Nodes;
using ExpEther.Bridge.Io.Ownership;
using ExpEther.Link.Ethernet;
using ExpEther.Linux.Polling;

namespace ExpEther.Daemon.Ownership;

/// <summary>
/// Ownership in a file of JSON.
/// <para>
/// Theory: an image is written to a new file, synced, renamed over the old one, and the folder is synced, so that after a power failure
/// the file holds one whole image, the old or the new. That takes milliseconds, so it is done by a thread of its own; when images come
/// faster than the disk takes them, only the newest is written. <see cref="IsDurable"/> turns true after the folder's sync, and
/// <see cref="Written"/> wakes the owner; a write that fails is tried again every second. A file that cannot be read counts as no state:
/// the bridge then starts a new incarnation, which
/// is safe, and says so.
/// </para>
/// </summary>
public sealed class FileOwnershipStore : IOwnershipStore, IDisposable
{
    private const int FormatVersion = 1;
    private const int FileBytesMax = 4 << 20;
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly string _path;
    private readonly IEventSink _events;
    private readonly Thread _writer;
    private readonly Lock _lock = new();
    private readonly AutoResetEvent _more = new(false);
    private OwnershipImage? _waiting;
    private string? _failure;
    private long _durable = -1;
    private bool _isEnding;

    /// <param name="folder">Made when it does not exist.</param>
    /// <param name="box">The I/O box's name: part of the file's name.</param>
    /// <param name="events">Told when state cannot be read or written.</param>
    /// <exception cref="IOException">The folder cannot be made; the message names the key.</exception>
    public FileOwnershipStore(string folder, string box, IEventSink events)
    {
        StateFolder.Make(folder);
        _path = Path.Combine(folder, $"ownership-{box}.json");
        _events = events;
        _writer = new Thread(WriteImages) { IsBackground = true, Name = "ownership" };
        _writer.Start();
    }

    public string FilePath => _path;

    /// <summary>Set whenever an image became durable, or could not be written.</summary>
    public EventFd Written { get; } = new();

    public void Save(OwnershipImage image)
    {
        lock (_lock)
        {
            _waiting = image;
        }

        _more.Set();
    }

    public bool IsDurable(long version)
    {
        ReportFailure();
        return Interlocked.Read(ref _durable) >= version;
    }

    public OwnershipImage? Load()
    {
        try
        {
            if (!File.Exists(_path))
            {
                return null;
            }

            if (new FileInfo(_path).Length <= FileBytesMax && Parse(JsonNode.Parse(File.ReadAllText(_path))) is { } image)
            {
                Interlocked.Exchange(ref _durable, image.Version);
                return image;
            }

            _events.Report(EventSeverity.Warning, "ownership", $"{_path} is not an ownership file; starting without state");
        }
        catch (Exception e) when (
            e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            _events.Report(EventSeverity.Warning, "ownership", $"{_path} cannot be read ({e.Message}); starting without state");
        }

        return null;
    }

    /// <summary>Writes what still waits, then ends.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _isEnding, true);
        _more.Set();
        _writer.Join(TimeSpan.FromSeconds(5));
        _more.Dispose();
        Written.Dispose();
    }

    private static JsonObject ToJson(OwnershipImage image) => new()
    {
        ["format"] = FormatVersion,
        ["version"] = image.Version,
        ["incarnation"] = image.Incarnation,
        ["counter"] = image.Counter,
        ["owners"] = new JsonArray([.. image.Owners.Select(o => (JsonNode)new JsonObject
        {
            ["function"] = o.Function, ["vlan"] = o.Vlan.Value, ["mac"] = o.Mac.ToString(), ["generation"] = o.Generation,
        })]),
        ["namespaces"] = new JsonArray([.. image.Namespaces.Select(n => (JsonNode)new JsonObject
        {
            ["device"] = n.Device, ["id"] = n.Id, ["uuid"] = n.Uuid.ToString(), ["vlan"] = n.Owner.Vlan.Value, ["mac"] = n.Owner.Mac.ToString(),
        })]),
    };

    private static OwnershipImage? Parse(JsonNode? json)
    {
        if (json is not JsonObject image || image["format"]?.GetValue<int>() != FormatVersion || image["owners"] is not JsonArray owners)
        {
            return null;
        }

        var records = new List<OwnershipRecord>();
        foreach (var owner in owners)
        {
            if (owner?["function"]?.GetValue<string>() is not { } function
                || !MacAddress.TryParse(owner["mac"]?.GetValue<string>(), out var mac)
                || owner["vlan"]?.GetValue<ushort>() is not (>= 1 and <= VlanId.Max and var vlan)
                || owner["generation"]?.GetValue<ulong>() is not { } generation)
            {
                return null;
            }

            records.Add(new OwnershipRecord(function, new VlanId(vlan), mac, generation));
        }

        return image["version"]?.GetValue<long>() is { } version && image["incarnation"]?.GetValue<uint>() is { } incarnation
            && image["counter"]?.GetValue<uint>() is { } counter && ParseNamespaces(image["namespaces"]) is { } namespaces
            ? new OwnershipImage(version, incarnation, counter, records) { Namespaces = namespaces }
            : null;
    }

    /// <summary>Files from before namespaces had owners have none.</summary>
    private static List<NamespaceRecord>? ParseNamespaces(JsonNode? json)
    {
        var records = new List<NamespaceRecord>();
        foreach (var found in json is null ? [] : json.AsArray())
        {
            if (found?["device"]?.GetValue<string>() is not { } device || found["id"]?.GetValue<uint>() is not { } id
                || !Guid.TryParse(found["uuid"]?.GetValue<string>(), out var uuid)
                || !MacAddress.TryParse(found["mac"]?.GetValue<string>(), out var mac)
                || found["vlan"]?.GetValue<ushort>() is not (>= 1 and <= VlanId.Max and var vlan))
            {
                return null;
            }

            records.Add(new NamespaceRecord(device, id, uuid, new HostIdentity(new VlanId(vlan), mac)));
        }

        return records;
    }

    private void WriteImages()
    {
        while (true)
        {
            OwnershipImage? image;
            lock (_lock)
            {
                (image, _waiting) = (_waiting, null);
            }

            if (image is null)
            {
                if (Volatile.Read(ref _isEnding))
                {
                    return;
                }

                _more.WaitOne();
                continue;
            }

            try
            {
                DurableFile.Replace(_path, System.Text.Encoding.UTF8.GetBytes(ToJson(image).ToJsonString() + "\n"));
                Interlocked.Exchange(ref _durable, image.Version);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Interlocked.Exchange(ref _failure, e.Message);
                lock (_lock)
                {
                    _waiting ??= image;
                }

                if (_more.WaitOne(RetryPause) && Volatile.Read(ref _isEnding))
                {
                    return;
                }
            }

            Written.Set();
        }
    }

    /// <summary>Reports are made on the owner's thread only.</summary>
    private void ReportFailure()
    {
        if (Interlocked.Exchange(ref _failure, null) is { } failure)
        {
            _events.Report(EventSeverity.Error, "ownership", $"{_path} cannot be written ({failure}); no change of ownership takes effect until it can");
        }
    }
}
