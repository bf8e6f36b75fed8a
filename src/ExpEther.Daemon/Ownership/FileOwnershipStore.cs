using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ExpEther.Bridge.Io.Ownership;
using ExpEther.Daemon.State;
using ExpEther.Link.Ethernet;
using ExpEther.Linux.Polling;

namespace ExpEther.Daemon.Ownership;

/// <summary>
/// Ownership in a file of JSON.
/// <para>
/// Theory: an image is written to a new file, synced, renamed over the old one, and the folder is synced, so that after a power failure
/// the file holds one whole image, the old or the new. That takes milliseconds, so it is done by a thread of its own; when images come
/// faster than the disk takes them, only the newest is written. <see cref="IsDurable"/> turns true after the folder's sync, and
/// <see cref="Written"/> wakes the owner; a write that fails is tried again every second.
/// </para>
/// <para>
/// A file that is damaged, or gone, is no reason to begin again with nobody owning anything: the box does not start, unless the loss is accepted.
/// Then the damaged file is kept aside and a new incarnation begins, so that generations of before never equal new ones.
/// </para>
/// </summary>
public sealed class FileOwnershipStore : IOwnershipStore, IDisposable
{
    /// <summary>What the envelope calls it.</summary>
    private const string Kind = "ownership";

    /// <summary>
    /// Version 1 was the same JSON with a member <c>format</c>, without an envelope; version 2 did not know namespaces that are given to a function, and
    /// an ExpEther of then would forget that.
    /// </summary>
    private const int FormatVersion = 3;
    private const int FormatVersionMin = 2;
    private const int FileBytesMax = 4 << 20;
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private readonly StateFile _file;
    private readonly IEventSink _events;
    private readonly Thread _writer;
    private readonly Lock _lock = new();
    private readonly AutoResetEvent _more = new(false);
    private readonly OwnershipImage? _loaded;
    private OwnershipImage? _waiting;
    private string? _failure;
    private long _durable = -1;
    private bool _isEnding;

    /// <param name="folder">Made when it does not exist.</param>
    /// <param name="box">The I/O box's name: part of the file's name.</param>
    /// <param name="events">Told when state cannot be written, and of what was done with a damaged file.</param>
    /// <param name="acceptsLoss">Start without state where it is damaged or gone.</param>
    /// <exception cref="IOException">The folder cannot be made or written, another process has the state, or it is damaged or gone; the message says
    /// what to do.</exception>
    public FileOwnershipStore(string folder, string box, IEventSink events, bool acceptsLoss = false)
    {
        _events = events;
        _file = new StateFile(folder, $"ownership-{box}.json", Kind, FileBytesMax);
        try
        {
            _loaded = Read(box, acceptsLoss);
        }
        catch
        {
            _more.Dispose();
            Written.Dispose();
            _file.Dispose();
            throw;
        }

        _durable = _loaded?.Version ?? -1;
        _writer = new Thread(WriteImages) { IsBackground = true, Name = "ownership" };
        _writer.Start();
    }

    public string FilePath => _file.FilePath;

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

    public OwnershipImage? Load() => _loaded;

    /// <summary>Writes what still waits, then ends.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _isEnding, true);
        _more.Set();
        _writer.Join(TimeSpan.FromSeconds(5));
        _more.Dispose();
        Written.Dispose();
        _file.Dispose();
    }

    private OwnershipImage? Read(string box, bool acceptsLoss)
    {
        var found = _file.Read();
        if (found.Condition == StateFileCondition.Missing)
        {
            return null;
        }

        var problem = found.Problem;
        if (found is { Condition: StateFileCondition.Whole, Version: < FormatVersionMin or > FormatVersion })
        {
            // It is not damaged: another version of ExpEther reads it.
            throw new IOException(
                $"{FilePath} has version {found.Version}, and this ExpEther reads versions 1 to {FormatVersion}: start the version that wrote it");
        }

        if (problem.Length == 0 && TryParse(found, out problem) is { } image)
        {
            if (found.Condition == StateFileCondition.Unwrapped)
            {
                Replace(image);
                _events.Report(EventSeverity.Information, Kind, $"{FilePath} was of version 1, without a checksum; it is of version {FormatVersion} now");
            }

            return image;
        }

        if (!acceptsLoss)
        {
            throw new IOException(
                $"{FilePath} cannot be used: {problem}. It says which host owns which function and which private namespace of box '{box}'; the box does "
                + "not start without, since all of them would be nobody's. Put a good copy back in its place; or start once with "
                + "--accept-lost-ownership: then nobody owns anything until it is attached, and namespaces are given, again (what is on disks stays)"
                + (found.Condition == StateFileCondition.Lost ? "" : ", and the damaged file is kept beside it as .bad-N"));
        }

        var aside = _file.SetAside();
        _events.Report(
            EventSeverity.Warning, Kind,
            $"{FilePath} cannot be used ({problem}); as asked, box '{box}' starts without state"
            + (aside.Length > 0 ? $", and the file is kept as {aside}" : ""));
        return null;
    }

    private void Replace(OwnershipImage image) => _file.Replace(FormatVersion, Encoding.UTF8.GetBytes(ToJson(image).ToJsonString()));

    private static OwnershipImage? TryParse(StateFileContent found, out string problem)
    {
        problem = found.Condition == StateFileCondition.Whole
            ? "its checksum is right, but it is no record of owners"
            : "it is no record of owners, neither of version 1 nor in the envelope of later ones";
        try
        {
            var json = JsonNode.Parse(found.State) as JsonObject;
            return found.Condition == StateFileCondition.Unwrapped && json?["format"]?.GetValue<int>() != 1 ? null : Parse(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            problem = $"{problem} ({e.Message})";
            return null;
        }
    }

    private static JsonObject ToJson(OwnershipImage image) => new()
    {
        ["version"] = image.Version,
        ["incarnation"] = image.Incarnation,
        ["counter"] = image.Counter,
        ["owners"] = new JsonArray([.. image.Owners.Select(o => (JsonNode)new JsonObject
        {
            ["function"] = o.Function, ["vlan"] = o.Vlan.Value, ["mac"] = o.Mac.ToString(), ["generation"] = o.Generation,
            ["since"] = o.Since,
        })]),
        ["namespaces"] = new JsonArray([.. image.Namespaces.Select(n => (JsonNode)new JsonObject
        {
            ["device"] = n.Device, ["id"] = n.Id, ["uuid"] = n.Uuid.ToString(), ["vlan"] = n.Owner.Vlan.Value, ["mac"] = n.Owner.Mac.ToString(),
            ["seenBy"] = n.SeenBy, ["givenTo"] = n.GivenTo,
        })]),
        ["creating"] = new JsonArray([.. image.Intents.Select(i => (JsonNode)new JsonObject
        {
            ["device"] = i.Device, ["vlan"] = i.Owner.Vlan.Value, ["mac"] = i.Owner.Mac.ToString(),
            ["unowned"] = new JsonArray([.. i.Unowned.Select(uuid => (JsonNode)uuid.ToString())]),
        })]),
    };

    private static OwnershipImage? Parse(JsonObject? image)
    {
        if (image?["owners"] is not JsonArray owners)
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

            // Files of before functions were continued have no "since".
            records.Add(new OwnershipRecord(function, new VlanId(vlan), mac, generation) { Since = owner["since"]?.GetValue<ulong>() ?? generation });
        }

        return image["version"]?.GetValue<long>() is { } version && image["incarnation"]?.GetValue<uint>() is { } incarnation
            && image["counter"]?.GetValue<uint>() is { } counter && ParseNamespaces(image["namespaces"]) is { } namespaces
            && ParseIntents(image["creating"]) is { } intents
            ? new OwnershipImage(version, incarnation, counter, records) { Namespaces = namespaces, Intents = intents }
            : null;
    }

    /// <summary>Files of version 1 have none.</summary>
    private static List<NamespaceIntent>? ParseIntents(JsonNode? json)
    {
        var intents = new List<NamespaceIntent>();
        foreach (var found in json is null ? [] : json.AsArray())
        {
            if (found?["device"]?.GetValue<string>() is not { } device || found["unowned"] is not JsonArray unowned
                || !MacAddress.TryParse(found["mac"]?.GetValue<string>(), out var mac)
                || found["vlan"]?.GetValue<ushort>() is not (>= 1 and <= VlanId.Max and var vlan))
            {
                return null;
            }

            intents.Add(new NamespaceIntent(
                device, new HostIdentity(new VlanId(vlan), mac), [.. unowned.Select(uuid => Guid.Parse(uuid!.GetValue<string>()))]));
        }

        return intents;
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

            records.Add(new NamespaceRecord(device, id, uuid, new HostIdentity(new VlanId(vlan), mac))
            {
                SeenBy = found["seenBy"]?.GetValue<int>() ?? 0, GivenTo = found["givenTo"]?.GetValue<int>() ?? 0,
            });
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
                Replace(image);
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
            _events.Report(EventSeverity.Error, "ownership", $"{FilePath} cannot be written ({failure}); no change of ownership takes effect until it can");
        }
    }
}
