using ExpEther.Core.Scheduling;
using ExpEther.Core.Stages;
using ExpEther.Daemon.Config;
using ExpEther.Daemon.Loop;
using ExpEther.Daemon.Ports;
using ExpEther.Ethernet.Ports;

namespace ExpEther.Daemon.Hosts;

/// <summary>The hosts of a daemon with what they run on, and the configuration they have now.</summary>
internal sealed class HostMachine(
    HostConfig config, INetworkPort port, OwnerScheduler scheduler, StageClock stages, IRandomSource random, IEventSink events)
{
    private OwnerLoop? _loop;

    public HostConfig Config { get; set; } = config;

    public INetworkPort Port { get; } = port;

    public HostSet Hosts { get; } = new([]);

    /// <summary>A host that nobody can see yet.</summary>
    public EmbeddedHost Make(EmbeddedHostConfig host, HostConfig daemon) =>
        new(host, daemon, PortOpener.MtuOf(daemon.Port, Port), scheduler, stages, random, events);

    public void Run(OwnerLoop loop) => _loop = loop;

    /// <summary>Runs a host from now on, which enumerates and announces itself.</summary>
    public void Add(EmbeddedHost host)
    {
        Hosts.Add(host);
        _loop!.Add(host);
        scheduler.Start(host.RootComplex.EnumerateAsync);
    }

    /// <summary>The host says good-bye to its boxes and is gone.</summary>
    public void Remove(EmbeddedHost host)
    {
        Hosts.Remove(host);
        _loop!.Retire(host, scheduler.Now);
    }
}
