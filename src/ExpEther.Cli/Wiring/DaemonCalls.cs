using System.Text.Json.Nodes;
using ExpEther.Cli.Output;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Wiring;

/// <summary>Calls to the daemons of a laboratory.</summary>
internal static class DaemonCalls
{
    /// <param name="socket">The daemon's control socket.</param>
    /// <param name="what">The step, for messages.</param>
    /// <param name="command">The call's name.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="LabFailure">It was refused, or nothing moves.</exception>
    public static Task<JsonObject> CallAsync(string socket, string what, string command, JsonObject arguments, CancellationToken cancel) =>
        StallGuard.RunAsync(what, async guard =>
        {
            using var client = await ControlClient.ConnectAsync(socket, guard.Token);
            return await client.CallAsync(command, arguments, _ => guard.Moved(), cancel: guard.Token);
        }, cancel);

    /// <summary>Waits until an I/O box is ready and has a link to all its hosts.</summary>
    public static async Task LinksUpAsync(string boxSocket, CancellationToken cancel) =>
        await StallGuard.RunAsync("waiting for the links", async guard =>
        {
            using var client = await ControlClient.ConnectAsync(boxSocket, guard.Token);
            while (true)
            {
                var box = await client.CallAsync("ls", cancel: guard.Token);
                if (box.Objects("hosts").All(h => h.Cell("link") == "up") && box.FlagOf("started") == true)
                {
                    return box;
                }

                // No call waits for a link: people look at `ls`, and so does this, not more often than it takes to change.
                await Task.Delay(20, guard.Token);
            }
        }, cancel);
}
