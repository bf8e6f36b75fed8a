using System.Text.Json.Nodes;
using ExpEther.Bench.Measuring;
using ExpEther.Daemon.Control;

namespace ExpEther.Bench.Ours;

/// <summary>The same pair and load, while both of its daemons record all they can: frames, and TLPs on both sides of the swap.</summary>
internal sealed class CapturedPair(BridgePair pair) : IContender
{
    public string Name => $"{pair.Name}, both daemons captured";

    /// <summary>The pair was prepared by whoever runs it without capture.</summary>
    public Task PrepareAsync(int milliseconds, CancellationToken cancel) => RunAsync(milliseconds, cancel);

    public async Task<Sample> RunAsync(int milliseconds, CancellationToken cancel)
    {
        var captures = new List<Task>();
        foreach (var socket in pair.Sockets)
        {
            captures.Add(await StartAsync(socket, cancel));
        }

        var sample = await pair.RunAsync(milliseconds, cancel);
        foreach (var socket in pair.Sockets)
        {
            using var client = await ControlClient.ConnectAsync(socket, cancel);
            _ = await client.CallAsync("capture.stop", cancel: cancel);
        }

        await Task.WhenAll(captures);
        return sample;
    }

    public void Dispose()
    {
    }

    /// <summary>Ends its first wait when the capture has begun; the task it hands back, when it has ended. What comes is thrown away.</summary>
    private static async Task<Task> StartAsync(string socket, CancellationToken cancel)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var capture = CaptureAsync(socket, begun, cancel);
        await Task.WhenAny(begun.Task, capture);
        return capture;
    }

    private static async Task CaptureAsync(string socket, TaskCompletionSource begun, CancellationToken cancel)
    {
        using var client = await ControlClient.ConnectAsync(socket, cancel);
        _ = await client.CallAsync("capture", new JsonObject(), _ => begun.TrySetResult(), _ => ValueTask.CompletedTask, cancel: cancel);
    }
}
