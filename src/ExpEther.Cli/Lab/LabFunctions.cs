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
        var before = await GuestDisks.AllAsync(shell, cancel);
        var watch = Stopwatch.StartNew();
        await CallAsync(
            $"attaching {node.Function} to {node.Name}", "attach", new JsonObject { ["function"] = node.Function, ["host"] = node.Name }, cancel);
        var disk = await GuestDisks.NewAsync(shell, before, node.Name, cancel);
        node.PlugTime = watch.Elapsed;
        return disk;
    }

    /// <summary>Moves a function; ends when the box is done with it.</summary>
    public Task<JsonObject> MoveAsync(string function, string to, CancellationToken cancel) =>
        CallAsync($"moving {function} to {to}", "move", new JsonObject { ["function"] = function, ["host"] = to }, cancel);

    /// <summary>What the box tells of a function.</summary>
    public async Task<JsonObject> TellAsync(string function, CancellationToken cancel) =>
        (await CallAsync("asking the I/O box", "ls", [], cancel)).Objects("functions").First(f => f.Cell("name") == function);

    private Task<JsonObject> CallAsync(string what, string command, JsonObject arguments, CancellationToken cancel) =>
        DaemonCalls.CallAsync(boxSocket, what, command, arguments, cancel);
}
