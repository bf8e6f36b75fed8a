using System.Text.Json.Nodes;
using ExpEther.Cli.Output;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Demo;

/// <summary>
/// Moves a disk from one host to another while both work: the old host reads it until it is gone, the new host keeps reading its own
/// disk, and reads the moved one as soon as it is there. The outage is from the last read completed at the old host to the first at the
/// new one; both daemons stamp completions with the machine's monotonic clock.
/// </summary>
internal sealed class DemoMove(DemoHost from, DemoHost to, DemoDisk moved, DemoDisk other, string boxSocket)
{
    private long _lastAtOld;
    private long _firstAtNew;
    private volatile bool _isMoving;
    private volatile bool _isOver;
    private int _readsDuring;

    /// <summary>What the I/O box answered.</summary>
    public JsonObject Result { get; private set; } = [];

    public double OutageMs => (_firstAtNew - _lastAtOld) / 1e6;

    public bool IsVerified { get; set; }

    public int OtherReads => _readsDuring;

    public async Task RunAsync(string otherScratchSha256, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var started = new TaskCompletionSource();
        var oldLoad = LoadAtOldAsync(started, stop.Token);
        var newLoad = LoadAtNewAsync(otherScratchSha256, stop.Token);
        var arrival = Task.CompletedTask;
        try
        {
            await await Task.WhenAny(started.Task, oldLoad, newLoad);
            _isMoving = true;
            var move = StallGuard.RunAsync($"moving {moved.Name} from {from.Name} to {to.Name}", async guard =>
            {
                using var client = await ControlClient.ConnectAsync(boxSocket, guard.Token);
                return await client.CallAsync(
                    "move", new JsonObject { ["function"] = moved.Name, ["host"] = to.Name }, _ => guard.Moved(), cancel: guard.Token);
            }, stop.Token);
            arrival = FirstAtNewAsync(stop.Token);
            Result = await move;
            await arrival;
            await oldLoad;
            _isOver = true;
            await newLoad;
        }
        finally
        {
            _isOver = true;
            await stop.CancelAsync();
            foreach (var task in (Task[])[oldLoad, newLoad, arrival])
            {
                await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    public JsonObject ToJson()
    {
        var steps = new JsonObject();
        var listed = Result.Objects("steps").ToList();
        foreach (var step in listed)
        {
            steps[step.Cell("step")] = Math.Round((step.Count("atNanoseconds") - listed[0].Count("atNanoseconds")) / 1e6, 3);
        }

        return new JsonObject
        {
            ["function"] = moved.Name,
            ["from"] = from.Name,
            ["to"] = to.Name,
            ["vlanBefore"] = Result["vlanBefore"]?.DeepClone(),
            ["vlanAfter"] = Result["vlanAfter"]?.DeepClone(),
            ["generation"] = Result["generation"]?.DeepClone(),
            ["outageMs"] = Math.Round(OutageMs, 3),
            ["steps"] = steps,
            ["readsOfOtherDisk"] = _readsDuring,
            ["verified"] = IsVerified,
        };
    }

    private async Task LoadAtOldAsync(TaskCompletionSource started, CancellationToken cancel)
    {
        var span = Math.Min(DemoLimits.LoadBytes, moved.TotalBytes);
        for (var i = 0; ; i++)
        {
            try
            {
                (_, _lastAtOld) = await from.ReadAsync(moved.Name, moved.ScratchOffset, span, 0, cancel);
            }
            catch (DemoFailure e) when (_isMoving && e.Code is ControlErrorCode.DiskError or ControlErrorCode.NoSuchDisk)
            {
                return; // it is gone from here: that is the point
            }

            if (i == 16)
            {
                started.TrySetResult();
            }
        }
    }

    /// <summary>The new host's own work goes on all the time, and its data stays right.</summary>
    private async Task LoadAtNewAsync(string scratchSha256, CancellationToken cancel)
    {
        while (!_isOver)
        {
            if (!await to.CheckAsync(
                    "its own disk during the move", other.Name, other.ScratchOffset, DemoLimits.ScratchBytes, DemoLimits.ScratchBytes, scratchSha256, cancel))
            {
                return;
            }

            _readsDuring += _isMoving ? 1 : 0;
        }
    }

    private async Task FirstAtNewAsync(CancellationToken cancel)
    {
        await to.WaitForAsync(moved.Name, cancel);
        (_, _firstAtNew) = await to.ReadAsync(moved.Name, moved.ScratchOffset, DemoDisk.BlockBytes, 0, cancel);
    }
}
