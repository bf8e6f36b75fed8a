using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Protocol;
using ExpEther.Core.Scheduling;

namespace ExpEther.Bridge.Io.Devices;

/// <summary>
/// Takes a device that failed by a bug of ours from its hosts, as if it had been pulled out; the others go on. It stays in the box, failed, until a
/// reload puts another in its place or the box restarts.
/// </summary>
internal sealed class DeviceFence(DeviceBus devices, DeviceConfigAccess config, OwnerSignal changed, IEventSink events)
{
    public const string Failure = "the device failed by a bug in it and is fenced";

    private readonly byte[] _message = new byte[ControlHeader.Bytes];

    /// <summary>Fences a device that has just failed.</summary>
    /// <returns>True: it had.</returns>
    public bool Look(BusDevice device)
    {
        if (!device.Device.TryTakeFailure(out var failure))
        {
            return false;
        }

        events.Report(EventSeverity.Defect, device.Name, $"failed by a bug and is fenced until it is replaced or the box restarts: {failure}");
        foreach (var function in device.Functions)
        {
            if (function.IsOpen)
            {
                function.Counters.Fenced++;
                function.Session!.Tell(_message.AsSpan(0, new WithdrawMessage(function.Number, function.Generation).Write(_message)));
            }

            function.Failure = Failure;
            function.Close(FunctionState.Failed);
            function.HostRequests.Clear();
            function.DmaRequests.Clear();
        }

        device.ForgetOutput();
        device.GiveUpAt = null;
        config.Release(device.Bus);
        devices.Keeper?.OnRemoved(device);
        changed.Set();
        return true;
    }
}
