using System.Text.Json.Nodes;
using ExpEther.Core.Scheduling;
using ExpEther.Daemon.Control;
using ExpEther.Daemon.Loop;
using ExpEther.Ethernet.Ports;
using ExpEther.Link;
using ExpEther.Link.Ethernet;
using ExpEther.Linux;
using ExpEther.Linux.Polling;

namespace ExpEther.Bench.Ends;

/// <summary>An <see cref="EchoEnd"/> as a process, on the same owner loop, port and control socket as a bridge.</summary>
public sealed class EchoDaemon : IDisposable, IControlCommands
{
    private static readonly VlanId Vlan = new(100);
    private static readonly MacAddress[] Macs = [new(0x02_00_00_00_00_01), new(0x02_00_00_00_00_02)];

    private readonly StopSignal _stop = new();
    private readonly PacketSocketPort _port;
    private readonly EchoEnd _end;
    private readonly ControlServer _control;
    private readonly OwnerLoop _loop;

    /// <param name="role">The initiator asks, the responder answers.</param>
    /// <param name="interfaceName">Where the cable is.</param>
    /// <param name="isSealed">With a key that everybody knows: only its cost is wanted.</param>
    /// <param name="socketPath">Of its control socket.</param>
    /// <param name="events">Its log.</param>
    /// <exception cref="PortException">The port cannot be opened.</exception>
    public EchoDaemon(LinkRole role, string interfaceName, bool isSealed, string socketPath, IEventSink events)
    {
        var (local, peer) = role == LinkRole.Initiator ? (Macs[0], Macs[1]) : (Macs[1], Macs[0]);
        var scheduler = new OwnerScheduler();
        _port = new PacketSocketPort(interfaceName, [local], [Vlan]);
        var options = new LinkOptions
        {
            Local = local,
            Peer = peer,
            Vlan = Vlan,
            Role = role,
            MtuBytes = _port.MtuBytes,
            Sealed = isSealed,
            PreSharedKey = new byte[LinkLimits.KeyBytes],
            LocalName = "echo",
        };
        _end = new EchoEnd(options, scheduler, new SystemRandom(), events);
        _control = new ControlServer(socketPath, this, scheduler);
        _loop = new OwnerLoop(_port, scheduler, [_end], _control, _stop, events);
    }

    public string SocketPath => _control.SocketPath;

    public IReadOnlyCollection<string> Names { get; } = ["ls", "echo"];

    /// <summary>Runs on the calling thread until SIGTERM, SIGINT or <see cref="Stop"/>.</summary>
    public void Run() => _loop.Run();

    /// <summary>From any thread.</summary>
    public void Stop() => _stop.Request();

    public async Task<ControlReply> RunAsync(string name, ControlCall call)
    {
        if (name == "ls")
        {
            return call.Arguments.Mistake() ?? ControlReply.Ok(new JsonObject { ["link"] = _end.IsUp ? "up" : "down" });
        }

        var bytes = call.Arguments.Number("bytes", 1, 1024) ?? BenchLimits.EchoBytes;
        var duration = call.Arguments.Number("milliseconds", 1, BenchLimits.MillisecondsMax) ?? BenchLimits.MillisecondsDefault;
        return call.Arguments.Mistake()
            ?? (await _end.RunAsync((int)bytes, TimeSpan.FromMilliseconds(duration)) is { } report
                ? ControlReply.Ok(report)
                : ControlReply.Fail("link-down", "the link is not up, or an echo runs", "wait for it"));
    }

    public void Dispose()
    {
        _control.Dispose();
        _end.Dispose();
        _port.Dispose();
        _stop.Dispose();
    }
}
