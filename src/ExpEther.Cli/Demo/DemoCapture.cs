using System.Text.Json.Nodes;
using ExpEther.Cli.Wiring;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Demo;

/// <summary>A capture of one function's TLPs at the I/O box, on both sides of the swap, while its host plugs it in and uses it for the first time.</summary>
internal sealed class DemoCapture : IDisposable
{
    private readonly FileStream _file;

    private DemoCapture(FileStream file) => _file = file;

    public string Path => _file.Name;

    /// <exception cref="LabFailure">The file cannot be written.</exception>
    public static DemoCapture Create(string path)
    {
        try
        {
            return new DemoCapture(new FileStream(path, new FileStreamOptions
            {
                // It holds what disks hold.
                Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LabFailure("bad-capture", $"--capture {path} cannot be written: {e.Message}", "name a file in a folder that exists");
        }
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Captures from before <paramref name="use"/> to its end.</summary>
    /// <param name="boxSocket">The I/O box's control socket.</param>
    /// <param name="function">Which function.</param>
    /// <param name="use">What its host does with it.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task RunAsync(string boxSocket, string function, Func<Task> use, CancellationToken cancel)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var capture = StallGuard.RunAsync($"capturing {function}", async guard =>
        {
            using var client = await ControlClient.ConnectAsync(boxSocket, guard.Token);
            return await client.CallAsync(
                "capture", new JsonObject { ["function"] = function, ["interfaces"] = "host,device" }, _ => started.TrySetResult(),
                async data =>
                {
                    guard.Moved();
                    await _file.WriteAsync(data, guard.Token);
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
        await _file.FlushAsync(cancel);
    }
}
