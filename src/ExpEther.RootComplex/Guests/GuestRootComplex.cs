using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Config;
using ExpEther.RootComplex.Enumeration;
using ExpEther.RootComplex.Errors;
using ExpEther.RootComplex.HotPlug;
using ExpEther.RootComplex.Interrupts;
using ExpEther.RootComplex.Memory;
using ExpEther.RootComplex.Requests;
using ExpEther.RootComplex.Tree;

namespace ExpEther.RootComplex.Guests;

/// <summary>
/// The root complex above a host bridge whose host is a virtual machine. The monitor (QEMU) has decoded a guest's access to a slot already;
/// <see cref="GuestSlot"/> makes TLPs of it. For the bridge's ports this does what an operating system does: numbers buses, lets them master
/// the bus, powers slots, lets go when asked to. The ports' windows stay closed: a request goes to its slot whatever its address, and two
/// functions that a guest put on its root bus may be closer together than windows can tell apart.
/// <para>
/// Its own <see cref="ITlpPort"/> is the link between root port 00:00.0 and the switch, each slot's the way to the function in it.
/// Whoever owns it moves TLPs of all, calls <see cref="Poll"/> at every turn, and runs the scheduler.
/// </para>
/// </summary>
public sealed class GuestRootComplex : ITlpPort, IHostAttachment
{
    // Root bus, the upstream port's, the switch's internal one; below are the slots' own.
    private const int SwitchBus = 2;

    private readonly IGuestMachine _machine;
    private readonly BridgePortConfig _rootPort;
    private readonly CpuRequests _requests;
    private readonly InterruptController _interrupts;
    private readonly GuestConfigAccess _config;
    private readonly GuestFunctions _functions;
    private readonly ErrorCollector _errors;
    private readonly PortServices _ports;
    private readonly PciTree _tree;
    private readonly GuestSlot[] _slots;

    /// <param name="options">Its name, slots and times.</param>
    /// <param name="machine">Shows functions to the guest, takes them away, has its memory.</param>
    /// <param name="scheduler">The owner's.</param>
    /// <param name="events">Told of presses of buttons, removals, errors.</param>
    public GuestRootComplex(GuestRootComplexOptions options, IGuestMachine machine, OwnerScheduler scheduler, IEventSink events)
    {
        var rootPort = HostConfigAccess.RootPortRid;
        _machine = machine;
        _rootPort = new BridgePortConfig(new BridgePortDescription
        {
            PortType = PortType.RootPort,
            VendorId = RootPortIds.VendorId,
            DeviceId = RootPortIds.DeviceId,
            MaxPayloadSupported = TlpLimits.PayloadBytesMax,
        });
        _slots = [.. Enumerable.Range(1, options.Slots).Select(n => new GuestSlot(n, rootPort, options.CompletionTimeout, scheduler, Counters))];
        _requests = new CpuRequests(rootPort, options.CompletionTimeout, scheduler, Counters);
        _interrupts = new InterruptController(Counters);
        _config = new GuestConfigAccess(new HostConfigAccess(_rootPort, _requests), SwitchBus);
        _functions = new GuestFunctions(_config, machine, scheduler);
        _ports = new PortServices(options.Name, scheduler, events, _config, _interrupts);
        _tree = new PciTree(options.Name);
        _errors = new ErrorCollector(options.Name, scheduler, _config, _tree, events, Counters);
    }

    /// <summary>In order of their numbers, from 1.</summary>
    public IReadOnlyList<GuestSlot> Slots => _slots;

    /// <summary>Told of a slot's number, how it goes with its function, and words for people.</summary>
    public Action<int, GuestShowing, string>? Told { get; set; }

    /// <summary>Told of a slot's number, and the UUID of the guest that its function follows; all zeros: it follows none any more.</summary>
    public Action<int, Guid>? Followed { get; set; }

    /// <summary>Of all slots together.</summary>
    public RootComplexCounters Counters { get; } = new();

    public Instant? NextDeadline
    {
        get
        {
            var next = _interrupts.HasPending ? _ports.Scheduler.Now : _requests.NextDeadline;
            foreach (var slot in _slots)
            {
                next = Instant.Earliest(next, slot.NextDeadline);
            }

            return next;
        }
    }

    /// <summary>
    /// Sets up the bridge's ports and starts their hot-plug. Functions that are in slots already are taken into use after this ended. Once, on
    /// the scheduler.
    /// </summary>
    public async Task EnumerateAsync()
    {
        Check.That(_tree.Roots.Count == 0);
        // No window for anything: 0 bytes to hand out, and 0 kept for what is plugged later.
        var resources = new BusResources { Memory = default, HotPlugMemoryBytes = 0, HotPlugPrefetchableBytes = 0 };
        _tree.Roots = await new BusEnumerator(_config, _ports.Scheduler, _ports.Events, _ports.Name).EnumerateAsync(resources);
        foreach (var node in _tree.Nodes.Where(node => node.IsHotPlugSlot).ToList())
        {
            Check.That(node.SlotNumber >= 1 && node.SlotNumber <= _slots.Length && node.SecondaryBus > SwitchBus);
            var slot = _slots[node.SlotNumber - 1];
            slot.VfH = new Rid(node.SecondaryBus, 0, 0);
            _config.Add(node.SecondaryBus, slot);
            // No delay between the button and the power: the guest's own hot-plug has its own.
            var controller = new SlotController(node, _ports, _functions, TimeSpan.Zero);
            slot.Ejected = controller.Eject;
            slot.Followed = guest => Followed?.Invoke(slot.Number, guest);
            slot.Told = (showing, words) => Told?.Invoke(slot.Number, showing, words);
            await PortInterrupt.EnableAsync(node, _ports, controller.OnInterrupt);
            await controller.StartAsync();
        }
    }

    /// <summary>Another timeout, from the next access on.</summary>
    /// <param name="completionTimeout">As <see cref="GuestRootComplexOptions.CompletionTimeout"/>.</param>
    public void ChangeTimes(TimeSpan completionTimeout)
    {
        _requests.Timeout = completionTimeout;
        foreach (var slot in _slots)
        {
            slot.CompletionTimeout = completionTimeout;
        }
    }

    /// <summary>Runs interrupt handlers, ends what is past its timeout, and tells the slots' sinks what has ended.</summary>
    /// <returns>True when something happened.</returns>
    public bool Poll(Instant now)
    {
        var any = _requests.Expire(now) | _interrupts.Dispatch();
        foreach (var slot in _slots)
        {
            any |= slot.Poll(now);
        }

        return any;
    }

    /// <summary>Takes a TLP of the switch's ports, or a message of a function.</summary>
    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now)
    {
        if (TlpView.TryParse(tlp, out var view) != TlpError.None || !view.HasValidEcrc)
        {
            Counters.TlpsMalformed++;
        }
        else if (view.IsCompletion)
        {
            _requests.OnCompletion(view);
        }
        else if (view.IsMessage)
        {
            _errors.OnMessage(view);
        }
        else
        {
            // The bridge carries DMA out by itself.
            Counters.TlpsUnsupported++;
        }

        return true;
    }

    public bool TryTake(Instant now, Span<byte> into, out int length) => _requests.TryTake(into, out length);

    public IHostMemory MemoryOf(int slot) => _machine.MemoryOf(slot);

    public bool CanTake(int slot) => _machine.CanTake(slot);

    public bool IsInterruptAddress(HostAddress address) => InterruptController.IsInterruptAddress(address);

    /// <summary>A port's goes to its hot-plug, a function's to the guest, whatever it has put into address and data.</summary>
    public void RaiseInterrupt(Rid requester, HostAddress address, uint data)
    {
        if (_config.SlotOf(requester.Bus) is not { } slot)
        {
            _interrupts.Raise(requester, address, data);
        }
        else if (slot.Function is null)
        {
            Counters.InterruptsSpurious++;
        }
        else
        {
            Counters.Interrupts++;
            _machine.RaiseInterrupt(slot, address, data);
        }
    }
}
