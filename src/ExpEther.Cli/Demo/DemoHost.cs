using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ExpEther.Cli.Output;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Demo;

/// <summary>One host of the demo, used through its control socket as <c>expether nvme</c> does, and what it read and wrote.</summary>
internal sealed class DemoHost(string name, int vlan, string socket)
{
    private readonly Dictionary<string, JsonObject> _functions = [];

    public string Name { get; } = name;

    public int Vlan { get; } = vlan;

    public string Mac { get; private set; } = "";

    public long BytesRead { get; private set; }

    public long BytesWritten { get; private set; }

    public IReadOnlyCollection<JsonObject> Functions => _functions.Values;

    /// <summary>The checks of this host's data, in order.</summary>
    public List<DemoCheck> Checks { get; } = [];

    public bool IsVerified => Checks.Count > 0 && Checks.All(c => c.IsRight);

    /// <summary>Notes what the I/O box says of the functions that this host owns now.</summary>
    public void Note(JsonObject box)
    {
        Mac = box.Objects("hosts").FirstOrDefault(h => h.Cell("name") == Name)?.Cell("mac") ?? Mac;
        foreach (var function in box.Objects("functions").Where(f => f.Cell("owner") == Name))
        {
            var kept = new JsonObject();
            kept["name"] = function["name"]?.DeepClone();
            kept["bdf"] = function["vfH"]?.DeepClone();
            foreach (var key in (ReadOnlySpan<string>)["memH", "memIo", "hostH", "hostIo", "vfH", "vfIo", "generation"])
            {
                kept[key] = function[key]?.DeepClone();
            }

            _functions[function.Cell("name")] = kept;
        }
    }

    public Task<JsonObject> WaitForAsync(string disk, CancellationToken cancel) => CallAsync(
        $"{Name} waits for {disk}", "nvme.wait", new JsonObject { ["disk"] = disk, ["timeoutMs"] = (DemoLimits.StallSeconds - 1) * 1000 }, cancel);

    public async Task<string> TreeAsync(CancellationToken cancel) =>
        (await CallAsync($"{Name} shows its tree", "tree", [], cancel)).Objects("hosts").First().Cell("text");

    /// <summary>Reads a range and hashes its first bytes.</summary>
    /// <param name="disk">Which.</param>
    /// <param name="offset">From where.</param>
    /// <param name="bytes">How much to read.</param>
    /// <param name="hashBytes">How much of it the hash covers.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>The hash, and when the last block came in (CLOCK_MONOTONIC).</returns>
    public async Task<(string Sha256, long CompletedAt)> ReadAsync(string disk, long offset, long bytes, long hashBytes, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var left = hashBytes;
        var result = await StallGuard.RunAsync($"{Name} reads {disk}", async guard =>
        {
            using var client = await ControlClient.ConnectAsync(socket, guard.Token);
            return await client.CallAsync(
                "nvme.read",
                new JsonObject { ["disk"] = disk, ["offset"] = offset, ["bytes"] = bytes },
                onData: data =>
                {
                    guard.Moved();
                    BytesRead += data.Length;
                    var take = (int)Math.Min(left, data.Length);
                    hash.AppendData(data.Span[..take]);
                    left -= take;
                    return ValueTask.CompletedTask;
                },
                cancel: guard.Token);
        }, cancel);
        return (Convert.ToHexStringLower(hash.GetHashAndReset()), result.Count("completedAtNanoseconds"));
    }

    public Task WriteAsync(string disk, long offset, byte[] data, CancellationToken cancel) => StallGuard.RunAsync($"{Name} writes {disk}", async guard =>
    {
        using var client = await ControlClient.ConnectAsync(socket, guard.Token);
        using var upload = new MemoryStream(data, writable: false);
        var result = await client.CallAsync(
            "nvme.write", new JsonObject { ["disk"] = disk, ["offset"] = offset, ["bytes"] = data.Length }, _ => guard.Moved(),
            upload: upload, cancel: guard.Token);
        BytesWritten += result.Count("bytes");
        return result;
    }, cancel);

    /// <summary>Reads a range and notes whether it is what it should be.</summary>
    public async Task<bool> CheckAsync(string what, string disk, long offset, long bytes, long hashBytes, string expected, CancellationToken cancel)
    {
        var (actual, _) = await ReadAsync(disk, offset, bytes, hashBytes, cancel);
        var check = new DemoCheck(what, disk, expected, actual);
        Checks.Add(check);
        return check.IsRight;
    }

    private Task<JsonObject> CallAsync(string what, string command, JsonObject arguments, CancellationToken cancel) =>
        StallGuard.RunAsync(what, async guard =>
        {
            using var client = await ControlClient.ConnectAsync(socket, guard.Token);
            return await client.CallAsync(command, arguments, cancel: guard.Token);
        }, cancel);
}
