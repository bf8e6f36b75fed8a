using ExpEther.Bridge.Io.Devices;
using ExpEther.Bridge.Io.Functions;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;

namespace ExpEther.Bridge.Io.Traffic;

/// <summary>
/// How much is taken from a device while an owner's link has no room.
/// <para>
/// Theory. So that no output grows without end, a device with flow control for each function is told to keep what the stalled one has to say. One
/// without is asked for no more once nobody could take it anyway (its only function is stalled, or all are), unless a configuration request
/// of the I/O bridge itself waits for its completion behind. If others could, it is asked for more until an output is full. Then all of
/// its functions wait, but not for long: when the link takes nothing of what is held for <see cref="IoBridgeLimits.HeldTimeMax"/> while others
/// could go on, that function is given up, so that they do.
/// </para>
/// </summary>
/// <param name="config">The bridge's own configuration requests.</param>
/// <param name="changed">Set when a sequence may have waited for it.</param>
/// <param name="giveUp">Takes a function from its owner, who takes nothing of it.</param>
internal sealed class OutputPacing(DeviceConfigAccess config, OwnerSignal changed, Action<IoFunction> giveUp)
{
    /// <summary>May the device be asked for its next TLP?</summary>
    public bool MayTake(BusDevice device) =>
        device.Backlog == 0 || (device.FullOutputs == 0 && (device.Device.FlowControl is not null || CanAnyoneTake(device)));

    /// <summary>Puts the TLP in the device's hand behind what the function holds back.</summary>
    public static void Hold(BusDevice device, IoFunction function, Instant now)
    {
        if (function.Output.Count == 0)
        {
            device.Backlog++;
            device.Device.FlowControl?.SetFlow(function.VfIo, false);
        }

        device.Hand = function.Output.Add(device.Hand, now);
        device.FullOutputs += function.Output.IsFull ? 1 : 0;
    }

    /// <summary>The first TLP that the function held back has gone.</summary>
    public void RemoveFirst(BusDevice device, IoFunction function, Instant now)
    {
        var output = function.Output;
        device.FullOutputs -= output.IsFull ? 1 : 0;
        output.RemoveFirst();
        output.ProgressAt = now;
        if (output.Count == 0)
        {
            device.Backlog--;
            device.Device.FlowControl?.SetFlow(function.VfIo, true);
        }

        if (output.Count == 0 || output.Waiters > 0)
        {
            changed.Set();
        }
    }

    /// <summary>Gives up who has held up its siblings for too long; the time counts while there is somebody who could go on without it.</summary>
    /// <returns>True when somebody was.</returns>
    public bool GiveUpInTime(BusDevice device, Instant now)
    {
        device.GiveUpAt = null;
        if (device.FullOutputs == 0 || !device.IsShared)
        {
            return false;
        }

        var moved = false;
        var canAnyone = CanAnyoneTake(device);
        foreach (var function in device.Functions)
        {
            var output = function.Output;
            if (!output.IsFull || !function.IsOpen || !canAnyone)
            {
                output.BlocksSince = null;
                continue;
            }

            var since = output.BlocksSince ?? now;
            output.BlocksSince = since > output.ProgressAt ? since : output.ProgressAt;
            var deadline = output.BlocksSince.Value + IoBridgeLimits.HeldTimeMax;
            if (now < deadline)
            {
                device.GiveUpAt = Instant.Earliest(device.GiveUpAt, deadline);
                continue;
            }

            giveUp(function);
            moved = true;
        }

        return moved;
    }

    private bool CanAnyoneTake(BusDevice device)
    {
        if (device.Own is not null || config.WaitingFor(device.Bus) > 0)
        {
            return true;
        }

        foreach (var function in device.Functions)
        {
            if (function.IsOpen && function.Output.Count == 0)
            {
                return true;
            }
        }

        return false;
    }
}
