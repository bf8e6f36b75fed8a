using System.Text.Json.Nodes;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Demo;

/// <summary>A capture of one function's TLPs at the I/O box, on both sides of the swap, while its host plugs it in and uses it for the first time.</summary>
/// <param name="boxSocket">The I/O box's control socket.</param>
/// <param name="function">Which function.</param>
/// <param name="path">The file.</param>
internal sealed class DemoCapture(string boxSocket, string function, string path)
{
    /// <summary>Captures from before <paramref name="use"/> to its end.</summary>
    /// <exception cref="DemoFailure">It could not be captured, or not written.</exception>
    public async Task RunAsync(Func<Task> use, CancellationToken cancel)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        FileStream file;
        try
        {
            file = new FileStream(path, new FileStreamOptions
            {
                // It holds what disks hold.
                Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DemoFailure("bad-capture", $"--capture {path} cannot be written: {e.Message}", "name a file in a folder that exists");
        }

        await using (file)
        {
            var capture = StallGuard.RunAsync($"capturing {function}", async guard =>
            {
                using var client = await ControlClient.ConnectAsync(boxSocket, guard.Token);
                return await client.CallAsync(
                    "capture", new JsonObject { ["function"] = function, ["interfaces"] = "host,device" }, _ => started.TrySetResult(),
                    async data =>
                    {
                        guard.Moved();
                        await file.WriteAsync(data, guard.Token);
                    },
                    cancel: guard.Token);
            }, cancel);
            await await Task.WhenAny(started.Task, capture);
            await use();
            await StallGuard.RunAsync("ending the capture", async guard =>
            {
                using var client = await ControlClient.ConnectAsync(boxSocket, guard.Token);
                return await client.CallAsync("capture.stop", cancel: guard.Token);
            }, cancel);
            await capture;
        }
    }
}
