using ExpEther.Daemon.Config;
using ExpEther.Daemon.Ports;
using ExpEther.Daemon.Reload;
using ExpEther.Ethernet.Ports;
using ExpEther.Link.Ethernet;

namespace ExpEther.Daemon.Hosts;

/// <summary>Another configuration for the hosts of a machine that run. It opens nothing but what the port receives, and takes memory.</summary>
internal sealed class HostStagedReload(HostMachine machine, HostReloadPlan plan) : IStagedReload
{
    private readonly List<DaemonHost> _made = [];
    private readonly List<ReloadRefusal> _refusals = [.. plan.Fixed.Select(ReloadRefusal.OfFixed), .. PortReception.RefusalsOfPeers(plan.After.Port)];
    private bool _isWidened;

    public IReadOnlyList<ConfigChange> Changes => plan.Changes;

    public IReadOnlyList<ReloadRefusal> Refusals() =>
    [
        .. _refusals,
        .. plan.Removed.SelectMany(host => Running(host).Bridge.Status().Slots.Where(s => s.Function is not null).Select(s => new ReloadRefusal(
            $"host.{host.Name}", $"has {s.Function!.Name} of {s.Function.BoxName} in slot {s.Slot}",
            $"release it first: expether detach {s.Function.Name}, at its I/O box"))),
    ];

    public Task PrepareAsync()
    {
        foreach (var host in plan.Added)
        {
            try
            {
                _made.Add(machine.Make(host, plan.After));
            }
            catch (OutOfMemoryException)
            {
                _refusals.Add(new ReloadRefusal(
                    $"host.{host.Name}", $"there is no memory of {host.Embedded.MemoryBytes >> 20} MiB for it", "write a smaller memoryMiB"));
            }
            catch (IOException e)
            {
                _refusals.Add(new ReloadRefusal($"host.{host.Name}", e.Message, "see the message"));
            }
        }

        if (!machine.HasRoomFor(_made))
        {
            _refusals.Add(new ReloadRefusal("host", "are more guests than one daemon can watch", "run a second daemon for them"));
        }

        try
        {
            _isWidened = true;
            PortReception.Widen(machine.Port, [.. MacsOf(machine.Config).Union(MacsOf(plan.After))], VlansOf(machine.Config), VlansOf(plan.After));
        }
        catch (PortException e)
        {
            _refusals.Add(new ReloadRefusal("port", e.Message, "see the message"));
        }

        return Task.CompletedTask;
    }

    public void Commit()
    {
        foreach (var host in plan.Kept)
        {
            Running(host).Change(host, plan.After.Link);
        }

        foreach (var host in plan.Removed)
        {
            machine.Remove(Running(host));
        }

        _made.ForEach(machine.Add);
        PortReception.Narrow(machine.Port, MacsOf(plan.After), VlansOf(plan.After));
        PortReception.ChangePeers(machine.Port, plan.After.Port);
        machine.Config = plan.After;
    }

    public void Abandon()
    {
        _made.ForEach(host => host.Dispose());
        if (_isWidened)
        {
            PortReception.Narrow(machine.Port, MacsOf(machine.Config), VlansOf(machine.Config));
        }
    }

    public void Clean()
    {
    }

    private static MacAddress[] MacsOf(HostConfig config) => [.. config.Hosts.Select(h => h.Mac)];

    private static VlanId[] VlansOf(HostConfig config) => [.. config.Hosts.Select(h => h.Vlan).Distinct()];

    private DaemonHost Running(HostBridgeConfig host) =>
        machine.Hosts.All.First(h => h.Config.Name == host.Name && h.Config.Vlan == host.Vlan && h.Mac == host.Mac);
}
