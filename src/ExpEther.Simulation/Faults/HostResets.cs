using ExpEther.Nvme.Driver;
using ExpEther.Simulation.Stations;

namespace ExpEther.Simulation.Faults;

/// <summary>Hosts reset functions that they use: the controller, as its driver does it, or the whole function and then the controller.</summary>
internal sealed class HostResets(FabricRun run, SeededRandom random)
{
    public void Strike()
    {
        var host = run.Hosts[random.Next(run.Hosts.Count)];
        var isFunction = random.Chance(0.5);
        var chosen = random.Next(1 << 16);
        if (!host.IsUp || host.Nvme.Disks.Count == 0)
        {
            return;
        }

        var disk = host.Nvme.Disks[chosen % host.Nvme.Disks.Count];
        run.Count(isFunction ? "functionLevelReset" : "controllerReset");
        run.Trace.Add($"! {host.Name} resets {(isFunction ? "the function of" : "the controller of")} {disk.Name}, {disk.SerialNumber}");
        host.Scheduler.Start(() => isFunction ? ResetFunctionAsync(host, disk) : disk.ResetAsync());
        host.Wake();
    }

    /// <summary>As an operating system does it for its driver, which finds its controller disabled.</summary>
    private async Task ResetFunctionAsync(HostStation host, NvmeDisk disk)
    {
        if (await disk.Function.ResetAsync() && disk.IsUsable)
        {
            await disk.Function.SetBusMasterAsync(true);
            var isBack = await disk.ResetAsync();
            run.Trace.Add($"! {host.Name}: {disk.Name} is {(isBack ? "back" : "not back")} after the reset of its function");
        }
    }
}
