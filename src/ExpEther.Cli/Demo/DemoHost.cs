using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ExpEther.Cli.Output;
using ExpEther.Cli.Wiring;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Demo;

/// <summary>One host of the demo, used through its control socket as <c>expether nvme</c> does, and what it read and wrote.</summary>
/// <param name="name">Its name.</param>
/// <param name="vlan">Its VLAN.</param>
/// <param name="function">The virtual function that it gets.</param>
/// <param name="socket">Its daemon's control socket.</param>
internal sealed class DemoHost(string name, int vlan, string function, string socket)
{
    private readonly Dictionary<string, JsonObject> _functions = [];
    private readonly List<DemoCheck> _checks = [];
    private readonly Lock _lock = new();
    private long _bytesRead;
    private long _bytesWritten;
    private long _lastCompleted;

    public string Name { get; } = name;

    public int Vlan { get; } = vlan;

    public string Function { get; } = function;

    public string Mac { get; private set; } = "";

    /// <summary>Made for it at the I/O box; null before.</summary>
    public PrivateDisk? Private { get; set; }

    public long BytesRead => Volatile.Read(ref _bytesRead);

    public long BytesWritten => Volatile.Read(ref _bytesWritten);

    /// <summary>When all hosts together used the device: this host's first request and last completion, CLOCK_MONOTONIC; 0 before.</summary>
    public long StartNs { get; private set; }

    /// <inheritdoc cref="StartNs"/>
    public long EndNs { get; private set; }

    public IReadOnlyCollection<JsonObject> Functions => _functions.Values;

    /// <summary>The checks of this host's data, in order.</summary>
    public IReadOnlyList<DemoCheck> Checks
    {
        get
        {
            lock (_lock)
            {
                return [.. _checks];
            }
        }
    }

    public bool IsVerified => Checks is { Count: > 0 } checks && checks.All(c => c.IsRight);

    /// <summary>Notes what the I/O box says of the functions that this host owns now.</summary>
    public void Note(JsonObject box)
    {
        Mac = box.Objects("hosts").FirstOrDefault(h => h.Cell("name") == Name)?.Cell("mac") ?? Mac;
        foreach (var owned in box.Objects("functions").Where(f => f.Cell("owner") == Name))
        {
            var kept = new JsonObject { ["name"] = owned["name"]?.DeepClone(), ["bdf"] = owned["vfH"]?.DeepClone() };
            foreach (var key in (ReadOnlySpan<string>)["memH", "memIo", "hostH", "hostIo", "vfH", "vfIo", "generation"])
            {
                kept[key] = owned[key]?.DeepClone();
            }

            _functions[owned.Cell("name")] = kept;
        }
    }

    public void Begin() => StartNs = Stopwatch.GetTimestamp() * (1_000_000_000 / Stopwatch.Frequency);

    /// <summary>What it transferred up to now is what all hosts did together.</summary>
    public void End() => EndNs = _lastCompleted;

    public Task<JsonObject> WaitForAsync(string disk, CancellationToken cancel) => CallAsync(
        $"{Name} waits for {disk}", "nvme.wait", new JsonObject { ["disk"] = disk, ["timeoutMs"] = (LabLimits.StallSeconds - 1) * 1000 }, cancel);

    public async Task<string> TreeAsync(CancellationToken cancel) =>
        (await CallAsync($"{Name} shows its tree", "tree", [], cancel)).Objects("hosts").First().Cell("text");

    /// <summary>Reads a range of a namespace and hashes its first bytes.</summary>
    /// <param name="disk">Which disk.</param>
    /// <param name="id">NSID.</param>
    /// <param name="bytes">How much to read, from the start.</param>
    /// <param name="hashBytes">How much of it the hash covers.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>The hash, and when the last block came in (CLOCK_MONOTONIC).</returns>
    public async Task<(string Sha256, long CompletedAt)> ReadAsync(string disk, int id, long bytes, long hashBytes, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var left = hashBytes;
        var result = await StallGuard.RunAsync($"{Name} reads namespace {id} of {disk}", async guard =>
        {
            using var client = await ControlClient.ConnectAsync(socket, guard.Token);
            return await client.CallAsync(
                "nvme.read",
                new JsonObject { ["disk"] = disk, ["namespace"] = id, ["offset"] = 0, ["bytes"] = bytes },
                onData: data =>
                {
                    guard.Moved();
                    Interlocked.Add(ref _bytesRead, data.Length);
                    var take = (int)Math.Min(left, data.Length);
                    hash.AppendData(data.Span[..take]);
                    left -= take;
                    return ValueTask.CompletedTask;
                },
                cancel: guard.Token);
        }, cancel);
        var at = result.Count("completedAtNanoseconds");
        lock (_lock)
        {
            _lastCompleted = Math.Max(_lastCompleted, at);
        }

        return (Convert.ToHexStringLower(hash.GetHashAndReset()), at);
    }

    /// <summary>Fills its private namespace with new contents.</summary>
    public Task WriteAsync(CancellationToken cancel) => StallGuard.RunAsync($"{Name} writes {Function}", async guard =>
    {
        using var client = await ControlClient.ConnectAsync(socket, guard.Token);
        using var upload = new MemoryStream(Private!.Fill(), writable: false);
        var result = await client.CallAsync(
            "nvme.write", new JsonObject { ["disk"] = Function, ["namespace"] = Private.Id, ["offset"] = 0, ["bytes"] = upload.Length },
            _ => guard.Moved(), upload: upload, cancel: guard.Token);
        Interlocked.Add(ref _bytesWritten, result.Count("bytes"));
        return result;
    }, cancel);

    /// <summary>Reads all of a shared namespace and notes whether it is the file.</summary>
    public async Task<bool> CheckAsync(string what, SharedDisk shared, CancellationToken cancel)
    {
        var (actual, _) = await ReadAsync(Function, shared.Id, shared.TotalBytes, shared.OriginalBytes, cancel);
        return Note(new DemoCheck(what, $"{Function}, shared {shared.Name}", shared.Sha256, actual, IsOfShared: true));
    }

    /// <summary>Reads all of a private namespace and notes whether it is what was last written to it.</summary>
    public async Task<bool> CheckAsync(string what, string disk, PrivateDisk written, CancellationToken cancel)
    {
        var expected = written.Sha256;
        var (actual, _) = await ReadAsync(disk, written.Id, DemoLimits.PrivateBytes, DemoLimits.PrivateBytes, cancel);
        return Note(new DemoCheck(what, $"{disk}, private namespace {written.Id}", expected, actual, IsOfShared: false));
    }

    private bool Note(DemoCheck check)
    {
        lock (_lock)
        {
            _checks.Add(check);
        }

        return check.IsRight;
    }

    private Task<JsonObject> CallAsync(string what, string command, JsonObject arguments, CancellationToken cancel) =>
        StallGuard.RunAsync(what, async guard =>
        {
            using var client = await ControlClient.ConnectAsync(socket, guard.Token);
            return await client.CallAsync(command, arguments, cancel: guard.Token);
        }, cancel);
}
