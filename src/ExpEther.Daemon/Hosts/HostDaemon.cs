using System.Text.Json.Nodes;
using ExpEther.Core.Counters;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Stages;
using ExpEther.Daemon.Capture;
using ExpEther.Daemon.Config;
using ExpEther.Daemon.Control;
using ExpEther.Daemon.Counters;
using ExpEther.Daemon.Events;
using ExpEther.Daemon.Keeping;
using ExpEther.Daemon.Load;
using ExpEther.Daemon.Loop;
using ExpEther.Daemon.Ports;
using ExpEther.Daemon.Reload;
using ExpEther.Daemon.State;
using ExpEther.Ethernet.Ports;
using ExpEther.Linux;
using ExpEther.Linux.Polling;
using ExpEther.Linux.Time;

namespace ExpEther.Daemon.Hosts;

/// <summary><c>expether host</c>: the hosts of one machine behind one port, on one owner loop.</summary>
public sealed class HostDaemon : IDisposable
{
    private readonly INetworkPort _port;
    private readonly ControlServer _control;
    private readonly StopSignal _stop = new();
    private readonly StateWriter _state;
    private readonly CounterPage _page;
    private readonly OwnerLoop _loop;
    private readonly HostMachine _machine;
    private readonly Reloader _reloader;
    private readonly KeeperLink _keeper;

    /// <param name="config">As read.</param>
    /// <param name="socketPath">Its control socket.</param>
    /// <param name="events">What an operator should know.</param>
    /// <param name="log">What was counted of its log; null: nothing.</param>
    /// <param name="keeper">Starts what keeps guests alive when this ends; null: nothing does.</param>
    /// <exception cref="PortException">The port cannot be opened.</exception>
    /// <exception cref="IOException">The control socket cannot be made.</exception>
    public HostDaemon(HostConfig config, string socketPath, IEventSink events, LogCounters? log = null, KeeperProgram? keeper = null)
    {
        var scheduler = new OwnerScheduler();
        var stages = new StageClock(new SystemClock());
        var random = new SystemRandom();
        _port = PortOpener.Open(config.Port, [.. config.Hosts.Select(h => h.Mac)], [.. config.Hosts.Select(h => h.Vlan).Distinct()], config.Hosts.Count);
        _state = new StateWriter(events);
        _keeper = new KeeperLink(KeeperLink.PathOf(socketPath), keeper, scheduler, events);
        _machine = new HostMachine(config, socketPath, _port, _keeper, scheduler, stages, _state, random, events);
        var hosts = _machine.Hosts;
        var table = new CommandTable();
        table.Add("ls", ListAsync);
        var counters = new HostCounters(config.Name, _port, stages, () => _loop!.Sleeps, log ?? new LogCounters(), hosts);
        table.Add("stats", () => CounterTreeJson.Of(counters));
        _ = new HostCommands(hosts, scheduler, table);
        _ = new LoadCommands(hosts, scheduler, table);
        _ = new CaptureCommands(new HostCaptureSource(hosts, _port.Name), () => _loop!, scheduler, table);
        _reloader = new Reloader(config.Name, () => Stage(events), Task.CompletedTask, scheduler, events, table);
        _control = new ControlServer(socketPath, table, scheduler);
        _page = new CounterPage(CounterPaths.Of(socketPath), events);
        _loop = new OwnerLoop(_port, scheduler, [], _control, _stop, events) { Stages = stages, Publisher = new CounterPublisher(counters, _page) };
        _loop.Publisher.Publish(MonotonicClock.Now);
        _loop.Watch(_reloader.Errand);
        _loop.Watch(_state);
        _loop.Watch(_keeper);
        _loop.Leave = LeaveAsync;
        _machine.Run(_loop);
        if (config.Hosts.Any(h => h.Qemu is not null))
        {
            _keeper.TakeOver();
        }

        foreach (var host in config.Hosts)
        {
            _machine.Add(_machine.Make(host, config));
        }

        _keeper.EndTakeOver();
    }

    /// <summary>As it holds now.</summary>
    public HostConfig Config => _machine.Config;

    public string SocketPath => _control.SocketPath;

    public string PortName => _port.Name;

    /// <summary>
    /// Runs on the calling thread until SIGTERM, SIGINT or <see cref="Stop"/>, and then until the guests have let go of their functions, or had the time
    /// that they have for it.
    /// </summary>
    public void Run() => _loop.Run();

    /// <summary>From any thread.</summary>
    public void Stop() => _stop.Request();

    public void Dispose()
    {
        foreach (var host in _machine.Hosts.All)
        {
            host.Dispose();
        }

        _state.Dispose();
        _keeper.Dispose();
        _page.Dispose();
        _control.Dispose();
        _reloader.Dispose();
        _port.Dispose();
        _stop.Dispose();
    }

    private async Task LeaveAsync()
    {
        foreach (var leave in _machine.Hosts.All.Select(host => host.LeaveAsync()).ToList())
        {
            await leave;
        }
    }

    private async Task<ControlReply> ListAsync(ControlCall call)
    {
        if (call.Arguments.Mistake() is { } mistake)
        {
            return mistake;
        }

        foreach (var host in _machine.Hosts.All.ToList())
        {
            await host.RefreshAsync();
        }

        return ControlReply.Ok(new JsonObject
        {
            ["kind"] = "host",
            ["name"] = Config.Name,
            ["hosts"] = new JsonArray([.. _machine.Hosts.All.Select(h => (JsonNode)HostJson.Host(h))]),
        });
    }

    private HostStagedReload Stage(IEventSink events)
    {
        var plan = HostReloadPlan.Between(Config, HostConfig.Load(Config.File));
        ExampleKeys.Warn(plan.Added.Select(h => (h.Name, h.Key)), events);
        return new HostStagedReload(_machine, plan);
    }
}
