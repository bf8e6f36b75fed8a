using ExpEther.Core.Scheduling;
using ExpEther.Core.Stages;
using ExpEther.Daemon.Config;
using ExpEther.Daemon.Keeping;
using ExpEther.Daemon.Loop;
using ExpEther.Daemon.Ports;
using ExpEther.Daemon.State;
using ExpEther.Ethernet.Ports;

namespace ExpEther.Daemon.Hosts;

/// <summary>The hosts of a daemon with what they run on, and the configuration they have now.</summary>
internal sealed class HostMachine(
    HostConfig config, string socketPath, INetworkPort port, KeeperLink keeper, OwnerScheduler scheduler, StageClock stages, StateWriter state,
    IRandomSource random, IEventSink events)
{
    private OwnerLoop? _loop;

    public HostConfig Config { get; set; } = config;

    public INetworkPort Port { get; } = port;

    public HostSet Hosts { get; } = new();

    /// <summary>A host that nobody can see yet.</summary>
    /// <exception cref="IOException">A guest's sockets, or the folder of state, cannot be made.</exception>
    public DaemonHost Make(HostBridgeConfig host, HostConfig daemon)
    {
        var mtuBytes = PortOpener.MtuOf(daemon.Port, Port);
        var slots = new FileSlotStore(daemon.StateDirectory ?? StateFolder.Default, host.Name, host.Vlan, host.Mac, state, events);
        if (host.Qemu is not { } qemu)
        {
            return new EmbeddedHost(host, daemon, mtuBytes, slots, scheduler, stages, random, events);
        }

        keeper.Start();
        var options = GuestSockets.Of(host, qemu, socketPath) with { Keeper = keeper };
        return new GuestHost(host, options, daemon, mtuBytes, slots, scheduler, stages, random, events);
    }

    /// <summary>Whether the loop can watch all that these hosts need.</summary>
    public bool HasRoomFor(IEnumerable<DaemonHost> hosts) => _loop!.HasRoomToWatch(hosts.Sum(h => h.PollFileDescriptors.Count));

    public void Run(OwnerLoop loop) => _loop = loop;

    /// <summary>Runs a host from now on, which enumerates and announces itself.</summary>
    public void Add(DaemonHost host)
    {
        Hosts.Add(host);
        foreach (var descriptor in host.PollFileDescriptors)
        {
            _loop!.Watch(descriptor);
        }

        _loop!.Add(host);
        scheduler.Start(host.EnumerateAsync);
    }

    /// <summary>The host says good-bye to its boxes and is gone.</summary>
    public void Remove(DaemonHost host)
    {
        Hosts.Remove(host);
        foreach (var descriptor in host.PollFileDescriptors)
        {
            _loop!.Unwatch(descriptor);
        }

        _loop!.Retire(host, scheduler.Now);
        host.Dispose();
    }
}
