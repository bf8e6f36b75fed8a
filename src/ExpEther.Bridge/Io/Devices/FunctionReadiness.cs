using ExpEther.Core.Scheduling;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Config;

namespace ExpEther.Bridge.Io.Devices;

/// <summary>
/// Waits for a function after a reset or after VF Enable. A function that needs time answers "configuration request retry" (PCIe 5.0
/// §2.3.1, §6.6.1). A VF is there when its Command register can be read: its IDs read as all ones for good.
/// </summary>
internal sealed class FunctionReadiness(DeviceConfigAccess config, OwnerScheduler scheduler)
{
    /// <param name="rid">Whose.</param>
    /// <param name="isVirtual">It is a VF.</param>
    /// <returns>False: it does not answer, or never with more than "retry".</returns>
    public async Task<bool> WaitAsync(Rid rid, bool isVirtual)
    {
        var deadline = scheduler.Now + IoBridgeLimits.ConfigRetryTimeout;
        while (true)
        {
            var read = await config.ReadAsync(rid, isVirtual ? ConfigRegister.Command : ConfigRegister.VendorId);
            if (read.IsSuccess && read.Value != uint.MaxValue)
            {
                return true;
            }

            if (scheduler.Now >= deadline || read.Status == ConfigStatus.TimedOut)
            {
                return false;
            }

            await scheduler.Delay(IoBridgeLimits.ConfigRetryPause);
        }
    }
}
