using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using ExpEther.Cli.Commands;

namespace ExpEther.Cli.Capture;

/// <summary>
/// A capture from its start to its end: the daemon sends, a sink writes, and the first of Ctrl-C, SIGTERM, a time limit or a full file
/// asks the daemon to stop, which it does after all it has captured was sent.
/// </summary>
internal sealed class CaptureRun(string? socket)
{
    private readonly TaskCompletionSource<string> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Why it ended: <c>interrupted</c>, <c>time</c>, <c>full</c> or <c>daemon</c> (the daemon ended it).</summary>
    public string Reason { get; private set; } = "daemon";

    public void End(string reason) => _end.TrySetResult(reason);

    /// <param name="arguments">As the daemon wants them.</param>
    /// <param name="seconds">How long at most; null: until something else ends it.</param>
    /// <param name="write">Gets the file's bytes.</param>
    /// <param name="onStarted">Called when packets are being captured.</param>
    /// <param name="cancel">Ends it at once, without what is still at the daemon.</param>
    /// <returns>What the daemon counted.</returns>
    public async Task<JsonObject> RunAsync(
        JsonObject arguments, double? seconds, Action<ReadOnlyMemory<byte>> write, Action onStarted, CancellationToken cancel)
    {
        using var client = await SharedOptions.ConnectAsync(socket, cancel, "io", "host");
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        using var limit = new CancellationTokenSource();
        using var timed = limit.Token.Register(() => End("time"));
        var call = client.CallAsync(
            "capture", arguments,
            _ =>
            {
                if (seconds is { } s)
                {
                    limit.CancelAfter(TimeSpan.FromSeconds(s));
                }

                onStarted();
            },
            data =>
            {
                write(data);
                return ValueTask.CompletedTask;
            },
            cancel: cancel);
        if (await Task.WhenAny(call, _end.Task) == _end.Task)
        {
            Reason = await _end.Task;
            using var second = await SharedOptions.ConnectAsync(socket, cancel, "io", "host");
            await second.CallAsync("capture.stop", cancel: cancel);
        }

        return await call;
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        End("interrupted");
    }
}
