using ExpEther.Bridge.Io.Devices;
using ExpEther.Bridge.Io.Functions;
using ExpEther.Core.Scheduling;

namespace ExpEther.Bridge.Io.Changes;

/// <summary>Brings one device up as far as it can be without anyone seeing it: enumerated, surveyed, its registers set.</summary>
internal sealed class DeviceBringUp(DeviceBus devices, DeviceConfigAccess config, FunctionReset reset, OwnerScheduler scheduler, OwnerSignal changed)
{
    /// <returns>Empty; else why it has no function.</returns>
    public async Task<string> RunAsync(BusDevice device)
    {
        try
        {
            return await BringUpAsync(device);
        }
        catch (Exception e)
        {
            // It may have said of itself what cannot be: that is its end, and not the box's.
            device.Device.Fail(e);
            device.Functions.Clear();
            return DeviceFence.Failure;
        }
    }

    private async Task<string> BringUpAsync(BusDevice device)
    {
        var failure = await devices.BringUpAsync(device);
        foreach (var function in device.Functions)
        {
            function.ConfigRequests = new ConfigService(function, config, reset, scheduler, changed);
            if (function.State != FunctionState.Failed && !await reset.RestoreAsync(function))
            {
                function.State = FunctionState.Failed;
                function.Failure = "its registers cannot be written";
            }
        }

        return failure;
    }
}
