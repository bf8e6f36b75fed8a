using ExpEther.Backends;
using ExpEther.Bridge.Io;
using ExpEther.Core.Counters;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Stages;
using ExpEther.Daemon.Capture;
using ExpEther.Daemon.Config;
using ExpEther.Daemon.Control;
using ExpEther.Daemon.Counters;
using ExpEther.Daemon.Events;
using ExpEther.Daemon.Loop;
using ExpEther.Daemon.Ownership;
using ExpEther.Daemon.Ports;
using ExpEther.Daemon.Reload;
using ExpEther.Daemon.State;
using ExpEther.Ethernet.Ports;
using ExpEther.Linux;
using ExpEther.Linux.Polling;
using ExpEther.Linux.Time;
using ExpEther.Nvme.Driver;

namespace ExpEther.Daemon.Io;

/// <summary><c>expether io</c>: an I/O box's devices and bridge behind one port, on one owner loop.</summary>
public sealed class IoDaemon : IDisposable
{
    private readonly StopSignal _stop = new();
    private readonly List<IDisposable> _owned = [];
    private readonly INetworkPort _port;
    private readonly ControlServer _control;
    private readonly OwnerLoop _loop;
    private readonly IoBox _box;

    /// <param name="config">As it was read.</param>
    /// <param name="socketPath">Of the control socket.</param>
    /// <param name="events">The log.</param>
    /// <param name="log">What is counted of the log; null: nothing.</param>
    /// <param name="acceptsLostOwnership">Start without a record of owners where it is damaged or gone.</param>
    /// <exception cref="PortException">The port cannot be opened.</exception>
    /// <exception cref="IOException">The control socket or the state folder cannot be made, another process has the state, or it is damaged.</exception>
    /// <exception cref="BackendException">A namespace's file cannot be served.</exception>
    public IoDaemon(IoConfig config, string socketPath, IEventSink events, LogCounters? log = null, bool acceptsLostOwnership = false)
    {
        _owned.Add(_stop);
        try
        {
            var scheduler = new OwnerScheduler();
            var stages = new StageClock(new SystemClock());
            var store = Own(new FileOwnershipStore(config.StateDirectory ?? StateFolder.Default, config.Name, events, acceptsLostOwnership));
            var devices = Own(new DeviceSet(config.Devices, config.Name, stages, events));
            _port = Own(PortOpener.Open(config.Port, [config.Mac], [.. config.Hosts.Select(h => h.Vlan).Distinct()], config.Hosts.Count));
            var bridge = new IoBridge(OptionsOf(config, PortOpener.MtuOf(config.Port, _port), stages), store, scheduler, new SystemRandom(), events);
            bridge.AddDriver(new NvmePhysicalFunctionDriver(events));
            foreach (var device in devices.All)
            {
                bridge.AddDevice(device.Config.Name, device.OnBus, device.Config.Vfs);
            }

            var table = new CommandTable();
            var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            table.Add("ls", () => IoJson.List(bridge.Status(), started.Task.IsCompleted, devices.TroubleOf));
            var counters = new IoCounters(config.Name, _port, stages, () => _loop!.Sleeps, log ?? new LogCounters(), bridge, devices);
            table.Add("stats", () => CounterTreeJson.Of(counters));
            _ = new IoCommands(bridge, started.Task, table);
            _ = new NamespaceControl(bridge, devices, scheduler, started.Task, table);
            _ = new CaptureCommands(new IoCaptureSource(bridge, _port.Name), () => _loop!, scheduler, table);
            var reloader = Own(new Reloader(config.Name, () => Stage(events), started.Task, scheduler, events, table));
            _control = Own(new ControlServer(socketPath, table, scheduler));
            _loop = new OwnerLoop(_port, scheduler, [new IoUnit(bridge)], _control, _stop, events)
            {
                Stages = stages,
                Publisher = new CounterPublisher(counters, Own(new CounterPage(CounterPaths.Of(socketPath), events))),
            };
            _loop.Publisher.Publish(MonotonicClock.Now);
            _loop.Watch(store.Written);
            _loop.Watch(reloader.Errand);
            _box = new IoBox(config, bridge, devices, _port, _loop);
            var descriptors = devices.All.SelectMany(d => d.PollFileDescriptors).ToList();
            if (!_loop.HasRoomToWatch(descriptors.Count))
            {
                throw new BackendException(
                    $"{descriptors.Count} files are too many for one daemon, which watches {LinuxLimits.PolledDescriptorsMax} sockets and files: use a pool");
            }

            descriptors.ForEach(_loop.Watch);

            scheduler.Start(async () =>
            {
                await bridge.StartAsync();
                started.SetResult();
            });
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>As it holds now.</summary>
    public IoConfig Config => _box.Config;

    public string SocketPath => _control.SocketPath;

    public string PortName => _port.Name;

    /// <summary>Runs on the calling thread until SIGTERM, SIGINT or <see cref="Stop"/>.</summary>
    public void Run() => _loop.Run();

    /// <summary>From any thread.</summary>
    public void Stop() => _stop.Request();

    public void Dispose()
    {
        for (var i = _owned.Count - 1; i >= 0; i--)
        {
            _owned[i].Dispose();
        }

        _owned.Clear();
    }

    private static IoBridgeOptions OptionsOf(IoConfig config, int mtuBytes, StageClock stages) => new()
    {
        Name = config.Name,
        Mac = config.Mac,
        Hosts = [.. config.Hosts.Select(IoBox.OptionsOf)],
        Sealed = config.Link.Sealed,
        EtherType = config.Port.EtherType,
        MtuBytes = mtuBytes,
        LinkDead = config.Link.LinkDead,
        PathSilent = config.Link.PathSilent,
        ReleaseTimeout = config.ReleaseTimeout,
        Stages = stages,
    };

    private IoStagedReload Stage(IEventSink events)
    {
        var plan = IoReloadPlan.Between(Config, IoConfig.Load(Config.File));
        ExampleKeys.Warn(plan.HostsAdded.Concat(plan.HostsChanged).Select(h => (h.Name, h.Key)), events);
        return new IoStagedReload(_box, plan, events);
    }

    private T Own<T>(T thing)
        where T : IDisposable
    {
        _owned.Add(thing);
        return thing;
    }
}
