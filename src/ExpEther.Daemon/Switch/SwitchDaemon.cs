using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using ExpEther.Core.Counters;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Stages;
using ExpEther.Core.Time;
using ExpEther.Daemon.Control;
using ExpEther.Daemon.Counters;
using ExpEther.Daemon.Events;
using ExpEther.Daemon.Status;
using ExpEther.Ethernet;
using ExpEther.Ethernet.Ports;
using ExpEther.Ethernet.Switch;
using ExpEther.Linux;
using ExpEther.Linux.Polling;
using ExpEther.Linux.Time;

namespace ExpEther.Daemon.Switch;

/// <summary><c>expether switch</c>: the VLAN switch over real ports, with its control socket.</summary>
public sealed class SwitchDaemon : IDisposable
{
    private readonly OwnerScheduler _scheduler = new();
    private readonly StopSignal _stop = new();

    /// <summary>A switch goes on when its terminal is closed, as the other daemons do; it has nothing to reload.</summary>
    private readonly PosixSignalRegistration _hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = true);
    private readonly SwitchProcess _switch;
    private readonly ControlServer _control;
    private readonly CounterPage _page;
    private readonly string _name;

    /// <exception cref="PortException">A port cannot be opened.</exception>
    /// <exception cref="IOException">The control socket cannot be made.</exception>
    public SwitchDaemon(
        string name, IReadOnlyList<SwitchPortArgument> ports, ushort etherType, int mtuBytes, string socketPath, IEventSink events, LogCounters? log = null)
    {
        _name = name;
        var opened = new List<SwitchProcessPort>();
        try
        {
            foreach (var port in ports)
            {
                opened.Add(new SwitchProcessPort(port.Name, port.Open(etherType, mtuBytes), port.Mode));
            }

            _switch = new SwitchProcess(opened, new SystemRandom(), etherType) { Stages = new StageClock(new SystemClock()) };
            var counters = new SwitchCounters(name, _switch, log ?? new LogCounters());
            var table = new CommandTable();
            table.Add("ls", List);
            table.Add("stats", () => CounterTreeJson.Of(counters));
            table.Add("fault", call => Task.FromResult(Fault(call)));
            _control = new ControlServer(socketPath, table, _scheduler);
            _page = new CounterPage(CounterPaths.Of(socketPath), events);
            _switch.Publisher = new CounterPublisher(counters, _page);
            _switch.Publisher.Publish(MonotonicClock.Now);
        }
        catch
        {
            foreach (var port in opened)
            {
                port.Port.Dispose();
            }

            _stop.Dispose();
            _hangup.Dispose();
            throw;
        }

        _switch.Poller.Add(_stop.FileDescriptor, PollEvents.Readable);
        _control.Watch(_switch.Poller);
    }

    public string SocketPath => _control.SocketPath;

    /// <summary>Runs on the calling thread until SIGTERM, SIGINT or <see cref="Stop"/>.</summary>
    public void Run() => _switch.Run(() => _stop.IsRequested, OnWake);

    /// <summary>From any thread.</summary>
    public void Stop() => _stop.Request();

    public void Dispose()
    {
        _page.Dispose();
        _control.Dispose();
        _switch.Dispose();
        _stop.Dispose();
        _hangup.Dispose();
    }

    private void OnWake(Instant now)
    {
        _scheduler.Advance(now);
        _control.Poll(now);
        if (_scheduler.RunReady() > 0)
        {
            _control.Poll(now);
        }

        _control.Watch(_switch.Poller);
    }

    private ControlReply Fault(ControlCall call)
    {
        var port = call.Arguments.RequiredText("port");
        var drop = call.Arguments.Fraction("drop", 0, 1);
        var dropNext = call.Arguments.Number("dropNext", 0, 1_000_000_000);
        var delay = call.Arguments.Number("delayMs", 0, EthernetLimits.SwitchDelayMsMax);
        var cut = call.Arguments.Flag("cut") ?? false;
        var heal = call.Arguments.Flag("heal") ?? false;
        if (call.Arguments.Mistake() is { } mistake)
        {
            return mistake;
        }

        var ports = port == "all" ? [.. _switch.Ports.Select(p => p.Name)] : new[] { port };
        foreach (var name in ports)
        {
            var isKnown = !heal || _switch.Heal(name);
            isKnown &= drop is not { } probability || _switch.SetDrop(name, probability);
            isKnown &= dropNext is not { } count || _switch.DropNext(name, count);
            isKnown &= delay is not { } span || _switch.SetDelay(name, TimeSpan.FromMilliseconds(span));
            isKnown &= !cut || _switch.Cut(name);
            if (!isKnown || !_switch.Ports.Any(p => p.Name == name))
            {
                return ControlReply.Fail(
                    ControlErrorCode.NoSuchPort, $"this switch has no port '{name}'",
                    $"it has: {string.Join(", ", _switch.Ports.Select(p => p.Name))}, or all of them: all");
            }
        }

        return ControlReply.Ok(List());
    }

    private JsonObject List() => new()
    {
        ["kind"] = "switch",
        ["name"] = _name,
        ["ports"] = new JsonArray([.. _switch.Snapshot().Ports.Zip(_switch.Ports, (port, process) => (JsonNode)Port(port, process.Port))]),
    };

    private static JsonObject Port(SwitchPortSnapshot port, INetworkPort network) => new()
    {
        ["name"] = port.Name,
        ["on"] = network.Name,
        ["mode"] = port.Mode,
        ["fault"] = FaultOf(port),
        ["received"] = port.FramesIn,
        ["receivedBytes"] = port.BytesIn,
        ["sent"] = port.FramesOut,
        ["sentBytes"] = port.BytesOut,
        ["flooded"] = port.FramesFlooded,
        ["stationMoves"] = port.StationMoves,
        ["stationMovesRefused"] = port.StationMovesRefused,
        ["dropped"] = port.Drops.Values.Sum(),
        ["droppedBy"] = new JsonObject(
            port.Drops.Where(d => d.Value > 0).Select(d => KeyValuePair.Create(CounterJson.Camel(d.Key.ToString()), (JsonNode?)d.Value))),
        ["port"] = CounterJson.OfPort(network),
    };

    private static string? FaultOf(SwitchPortSnapshot port)
    {
        var faults = new List<string>();
        if (port.IsCut)
        {
            faults.Add("cut");
        }

        if (port.DropProbability > 0)
        {
            faults.Add($"drop {port.DropProbability.ToString("0.######", System.Globalization.CultureInfo.InvariantCulture)}");
        }

        if (port.DropNext > 0)
        {
            faults.Add($"drop next {port.DropNext}");
        }

        if (port.Delay > TimeSpan.Zero)
        {
            faults.Add($"delay {port.Delay.TotalMilliseconds:0.###} ms");
        }

        return faults.Count > 0 ? string.Join(", ", faults) : null;
    }
}
