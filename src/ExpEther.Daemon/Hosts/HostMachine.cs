using ExpEther.Core.Scheduling;
using ExpEther.Core.Stages;
using ExpEther.Daemon.Config;
using ExpEther.Daemon.Keeping;
using ExpEther.Daemon.Loop;
using ExpEther.Daemon.Ports;
using ExpEther.Daemon.State;
using ExpEther.Ethernet.Ports;
using ExpEther.Linux;

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
    /// <exception cref="IOException">It has more sockets than there is room to watch.</exception>
    public void Add(DaemonHost host)
    {
        if (!HasRoomFor([host]))
        {
            throw new IOException(
                $"host '{host.Config.Name}' does not fit: one daemon watches {LinuxLimits.PolledDescriptorsMax} sockets and files; "
                + "give it fewer slots, or move "
                + "hosts to a daemon of their own");
        }

        Hosts.Add(host);
        foreach (var descriptor in host.PollFileDescriptors)
        {
            _loop!.Watch(descriptor);
        }

        host.Fenced = e => Fence(host, e);
        host.Scope = new SequenceScope(scheduler, e => _loop!.OnSequenceFailed(host, e));
        _loop!.Add(host);
        host.Scope.Start(host.EnumerateAsync);
    }

    /// <summary>The host says good-bye to its boxes and is gone.</summary>
    public void Remove(DaemonHost host)
    {
        Hosts.Remove(host);
        if (host.HasFailed)
        {
            _loop!.Retire(host, scheduler.Now);
            return;
        }

        Unwatch(host);
        _loop!.Retire(host, scheduler.Now);
        host.Dispose();
    }

    /// <summary>A bug ended this host. The others go on; QEMU, which would wait for answers with its big lock held, gets its connections closed.</summary>
    private void Fence(DaemonHost host, Exception e)
    {
        events.Report(EventSeverity.Defect, host.Config.Name, $"failed by a bug and is fenced until the daemon restarts: {e}");
        Unwatch(host);
        try
        {
            host.Dispose();
        }
        catch (Exception late)
        {
            events.Report(EventSeverity.Defect, host.Config.Name, $"did not let go of everything: {late}");
        }
    }

    private void Unwatch(DaemonHost host)
    {
        foreach (var descriptor in host.PollFileDescriptors)
        {
            _loop!.Unwatch(descriptor);
        }
    }
}
