using System.Text.Json.Nodes;
using ExpEther.Bridge.Hosts;
using ExpEther.Core.Counters;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Stages;
using ExpEther.Core.Time;
using ExpEther.Daemon.Config;
using ExpEther.Daemon.Loop;
using ExpEther.Daemon.Status;
using ExpEther.Qemu;
using ExpEther.RootComplex.Guests;

namespace ExpEther.Daemon.Hosts;

/// <summary>
/// A guest of QEMU as a host: its slots' sockets above, a host bridge below, and between them the root complex that makes TLPs of its accesses.
/// </summary>
internal sealed class GuestHost : DaemonHost
{
    private readonly QemuMachine _machine;
    private readonly GuestRootComplex _rootComplex;
    private readonly GuestWire _wire;
    private readonly StageClock _stages;

    public GuestHost(
        HostBridgeConfig config, QemuMachineOptions options, HostConfig daemon, int mtuBytes, ISlotStore slots, OwnerScheduler scheduler,
        StageClock stages, IRandomSource random, IEventSink events)
        : base(config)
    {
        _stages = stages;
        _machine = new QemuMachine(options, scheduler, events);
        _rootComplex = new GuestRootComplex(
            new GuestRootComplexOptions { Name = config.Name, Slots = config.Slots, CompletionTimeout = config.CompletionTimeout },
            _machine, scheduler, events);
        Bridge = new HostBridge(BridgeOptions(config, daemon, mtuBytes, stages, slots) with { IsPlugTold = true }, _rootComplex, scheduler, random, events);
        _rootComplex.Told = Bridge.Tell;
        _rootComplex.Followed = Bridge.TellFollows;
        _machine.RunsHere = Bridge.TellGuest;
        _wire = new GuestWire(_rootComplex, Bridge);
    }

    public override HostBridge Bridge { get; }

    public override Instant? NextDeadline =>
        Instant.Earliest(_machine.NextDeadline, Instant.Earliest(_rootComplex.NextDeadline, Bridge.NextDeadline));

    public override IReadOnlyList<int> PollFileDescriptors => _machine.PollFileDescriptors;

    public override bool Poll(Instant now)
    {
        var outer = _stages.Enter(Stage.Attachment);
        var active = _machine.Poll(now);
        active |= _rootComplex.Poll(now);
        _stages.Leave(outer);
        active |= Bridge.Poll(now);
        active |= _wire.Pump(now, LoopLimits.TlpsPerTurnMax);
        return active;
    }

    public override Task EnumerateAsync() => _rootComplex.EnumerateAsync();

    public override Task LeaveAsync() => HasFailed ? Task.CompletedTask : _machine.LeaveAsync();

    public override Task RefreshAsync() =>
        HasFailed ? Task.CompletedTask : _machine.RefreshAsync(TimeSpan.FromMilliseconds(LoopLimits.GuestRefreshMilliseconds));

    public override void Describe(SlotStatus slot, JsonObject into)
    {
        var guest = _machine.Status().Slots[slot.Slot - 1];
        into["guest"] = new JsonObject
        {
            ["state"] = CounterJson.Camel(guest.State.ToString()),
            ["device"] = guest.Device,
            ["bdf"] = guest.Guest?.ToString(),
            ["interrupts"] = guest.Interrupts.ToString().ToLowerInvariant(), // as the configuration spells it
            ["interruptsReason"] = guest.InterruptsReason.Length > 0 ? guest.InterruptsReason : null,
            ["socket"] = guest.SocketPath,
            ["trouble"] = guest.Trouble.Length > 0 ? guest.Trouble : null,
            ["troubles"] = new JsonArray([.. guest.Troubles.Select(trouble => (JsonNode)trouble)]),
        };
    }

    public override void Describe(JsonObject into)
    {
        var status = _machine.Status();
        into["qemu"] = new JsonObject
        {
            ["version"] = status.Qemu?.Version.ToString(),
            ["kvm"] = status.Qemu?.UsesKvm,
            ["running"] = status.IsRunning,
        };
    }

    public override void AddShape(CounterShape shape) => _machine.AddShape(shape);

    public override void AddCounters(CounterTree tree)
    {
        tree.Object("rootComplex", () => tree.All(_rootComplex.Counters));
        _machine.AddCounters(tree);
    }

    public override void Dispose() => _machine.Dispose();

    protected override void OnChanged() => _rootComplex.ChangeTimes(Config.CompletionTimeout);
}
