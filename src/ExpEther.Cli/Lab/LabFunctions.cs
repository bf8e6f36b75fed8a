using System.Diagnostics;
using System.Text.Json.Nodes;
using ExpEther.Cli.Guests;
using ExpEther.Cli.Output;
using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Lab;

/// <summary>Gives the functions of a laboratory's device to its guests, as a user would by <c>expether attach</c> and <c>move</c>.</summary>
/// <param name="boxSocket">The I/O box's control socket.</param>
internal sealed class LabFunctions(string boxSocket)
{
    private const int PlugSeconds = 60;

    public Task LinksUpAsync(CancellationToken cancel) => DaemonCalls.LinksUpAsync(boxSocket, cancel);

    /// <summary>Makes a private namespace for a guest, then gives it its function, and waits until the guest has a disk of it.</summary>
    /// <param name="node">The guest; how long it took is noted there.</param>
    /// <param name="shell">Of that guest.</param>
    /// <param name="cancel">Ends it.</param>
    /// <returns>The disk's device in the guest.</returns>
    public async Task<string> GiveAsync(LabGuestNode node, GuestShell shell, CancellationToken cancel)
    {
        await CallAsync(
            $"making a private namespace for {node.Name}", "namespace.create",
            new JsonObject { ["device"] = LabConfig.Device, ["bytes"] = LabRig.NamespaceBytes, ["host"] = node.Name }, cancel);
        var before = await DisksAsync(shell, cancel);
        var watch = Stopwatch.StartNew();
        await CallAsync(
            $"attaching {node.Function} to {node.Name}", "attach", new JsonObject { ["function"] = node.Function, ["host"] = node.Name }, cancel);
        var disk = await NewDiskAsync(shell, before, node.Name, cancel);
        node.PlugTime = watch.Elapsed;
        return disk;
    }

    /// <summary>Moves a function; ends when the box is done with it.</summary>
    public Task<JsonObject> MoveAsync(string function, string to, CancellationToken cancel) =>
        CallAsync($"moving {function} to {to}", "move", new JsonObject { ["function"] = function, ["host"] = to }, cancel);

    /// <summary>What the box tells of a function.</summary>
    public async Task<JsonObject> TellAsync(string function, CancellationToken cancel) =>
        (await CallAsync("asking the I/O box", "ls", [], cancel)).Objects("functions").First(f => f.Cell("name") == function);

    /// <summary>The NVMe disks that a guest has.</summary>
    public static async Task<IReadOnlyList<string>> DisksAsync(GuestShell shell, CancellationToken cancel) =>
        (await shell.AskAsync("cd /sys/block; for d in nvme*; do [ -e \"$d\" ] && echo $d; done", cancel)).Output
        .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Waits until a guest has a disk more than before.</summary>
    /// <returns>Its device: <c>/dev/nvme0n1</c>.</returns>
    /// <exception cref="LabFailure">None came.</exception>
    public static async Task<string> NewDiskAsync(GuestShell shell, IReadOnlyList<string> before, string name, CancellationToken cancel)
    {
        // The guest looks by itself: asking it anew every time would take longer than the disk does.
        var known = string.Concat(before.Select(disk => $"{disk}|"));
        var (code, output) = await shell.AskAsync(
            $"n=0; while [ $n -lt {PlugSeconds * 50} ]; do for d in /sys/block/nvme*; do d=${{d##*/}}; case $d in {known}'nvme*') ;; "
            + "*) [ -b /dev/$d ] && echo /dev/$d && exit 0;; esac; done; usleep 20000; n=$((n + 1)); done; exit 1", cancel);
        return code == 0
            ? output.Trim()
            : throw new LabFailure("no-disk", $"{name} has no new disk {PlugSeconds} s after it was given a function", "look at its console and at `expether ls`");
    }

    private Task<JsonObject> CallAsync(string what, string command, JsonObject arguments, CancellationToken cancel) =>
        DaemonCalls.CallAsync(boxSocket, what, command, arguments, cancel);
}
