using System.Text.Json.Nodes;
using ExpEther.Cli.Output;
using ExpEther.Cli.Wiring;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Demo;

/// <summary>
/// Moves a host's virtual function, with the private namespace attached to it, to another host while all work: the old host reads it until it
/// is gone, all others go on with their own, and the new host reads the moved one as soon as it is there. The outage is from the last read
/// completed at the old host to the first at the new one; the daemons stamp completions with the machine's monotonic clock.
/// </summary>
internal sealed class DemoMove(DemoHost from, DemoHost to, IReadOnlyList<DemoHost> others, string boxSocket)
{
    private readonly PrivateDisk _moved = from.Private!;
    private long _lastAtOld;
    private long _firstAtNew;
    private volatile bool _isMoving;
    private volatile bool _isOver;
    private int _readsDuring;

    /// <summary>What the I/O box answered.</summary>
    public JsonObject Result { get; private set; } = [];

    public double OutageMs => (_firstAtNew - _lastAtOld) / 1e6;

    /// <summary>The new host found what the old one wrote.</summary>
    public bool IsVerified { get; private set; }

    public int OtherReads => Volatile.Read(ref _readsDuring);

    public async Task RunAsync(CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var started = new TaskCompletionSource();
        var oldLoad = LoadAtOldAsync(started, stop.Token);
        var otherLoads = others.Select(host => LoadElsewhereAsync(host, stop.Token)).ToList();
        var arrival = Task.CompletedTask;
        try
        {
            await await Task.WhenAny([started.Task, oldLoad, .. otherLoads]);
            _isMoving = true;
            var move = StallGuard.RunAsync($"moving {from.Function} from {from.Name} to {to.Name}", async guard =>
            {
                using var client = await ControlClient.ConnectAsync(boxSocket, guard.Token);
                return await client.CallAsync(
                    "move", new JsonObject { ["function"] = from.Function, ["host"] = to.Name }, _ => guard.Moved(), cancel: guard.Token);
            }, stop.Token);
            arrival = FirstAtNewAsync(stop.Token);
            Result = await move;
            await arrival;
            await oldLoad;
            _isOver = true;
            await Task.WhenAll(otherLoads);
            IsVerified = await to.CheckAsync($"what {from.Name} wrote to it", from.Function, _moved, stop.Token);
        }
        finally
        {
            _isOver = true;
            await stop.CancelAsync();
            await Task.WhenAll([oldLoad, arrival, .. otherLoads]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
            ["function"] = from.Function,
            ["from"] = from.Name,
            ["to"] = to.Name,
            ["vlanBefore"] = Result["vlanBefore"]?.DeepClone(),
            ["vlanAfter"] = Result["vlanAfter"]?.DeepClone(),
            ["generation"] = Result["generation"]?.DeepClone(),
            ["outageMs"] = Math.Round(OutageMs, 3),
            ["steps"] = steps,
            ["readsOfOthers"] = OtherReads,
            ["verified"] = IsVerified,
        };
    }

    private async Task LoadAtOldAsync(TaskCompletionSource started, CancellationToken cancel)
    {
        for (var i = 0; ; i++)
        {
            try
            {
                (_, _lastAtOld) = await from.ReadAsync(from.Function, _moved.Id, DemoLimits.LoadBytes, 0, cancel);
            }
            catch (LabFailure e) when (_isMoving && e.Code is ControlErrorCode.DiskError or ControlErrorCode.NoSuchDisk)
            {
                return; // it is gone from here: that is the point
            }

            if (i == 16)
            {
                started.TrySetResult();
            }
        }
    }

    /// <summary>A host's own work goes on all the time, and its data stays right.</summary>
    private async Task LoadElsewhereAsync(DemoHost host, CancellationToken cancel)
    {
        while (!_isOver)
        {
            if (!await host.CheckAsync("its own namespace during the move", host.Function, host.Private!, cancel))
            {
                return;
            }

            if (_isMoving)
            {
                Interlocked.Increment(ref _readsDuring);
            }
        }
    }

    private async Task FirstAtNewAsync(CancellationToken cancel)
    {
        await to.WaitForAsync(from.Function, cancel);
        (_, _firstAtNew) = await to.ReadAsync(from.Function, _moved.Id, DemoLimits.LoadBytes, 0, cancel);
    }
}
