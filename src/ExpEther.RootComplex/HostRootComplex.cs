using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Config;
using ExpEther.RootComplex.Dma;
using ExpEther.RootComplex.Enumeration;
using ExpEther.RootComplex.Errors;
using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.HotPlug;
using ExpEther.RootComplex.Interrupts;
using ExpEther.RootComplex.Memory;
using ExpEther.RootComplex.Requests;
using ExpEther.RootComplex.Tree;

namespace ExpEther.RootComplex;

/// <summary>
/// The CPU side of PCI Express in a process: what a host's root complex and its operating system's PCI core do. Its <see cref="ITlpPort"/>
/// is the link below root port 00:00.0.
/// Whoever owns it calls <see cref="Poll"/> at every turn, moves TLPs, and runs the scheduler it was given; asynchronous members are called from
/// sequences on that scheduler.
/// </summary>
public sealed class HostRootComplex : ITlpPort, IHostAttachment, IBusMasterRules
{
    private RootComplexOptions _options;
    private readonly HostServices _host;
    private readonly BridgePortConfig _rootPort;
    private readonly RootComplexTraffic _traffic;
    private readonly FunctionBinder _binder;
    private readonly BusResources _resources;
    private readonly List<SlotController> _slots = [];

    public HostRootComplex(RootComplexOptions options, OwnerScheduler scheduler, IEventSink events)
    {
        Check.That((ulong)options.MmioBase + options.MmioBytes <= InterruptController.WindowBase);
        _options = options;
        Memory = new HostMemory(options.MemoryBase, options.MemoryBytes);
        Tree = new PciTree(options.Name);
        _rootPort = new BridgePortConfig(new BridgePortDescription
        {
            PortType = PortType.RootPort,
            VendorId = RootPortIds.VendorId,
            DeviceId = RootPortIds.DeviceId,
            MaxPayloadSupported = TlpLimits.PayloadBytesMax,
        });
        var interrupts = new InterruptController(Counters);
        var requests = new CpuRequests(HostConfigAccess.RootPortRid, options.CompletionTimeout, scheduler, Counters);
        var config = new HostConfigAccess(_rootPort, requests);
        _host = new HostServices(
            options.Name, scheduler, events, Memory, config, requests, new PostedWrites(HostConfigAccess.RootPortRid), interrupts,
            new BusEnumerator(config, scheduler, events, options.Name));
        var dma = new DmaCompleter(HostConfigAccess.RootPortRid, Memory, interrupts, Counters);
        var errors = new ErrorCollector(options.Name, scheduler, config, Tree, events, Counters);
        _resources = new BusResources
        {
            Memory = new AddressWindow(options.MmioBase, options.MmioBytes),
            Prefetchable = new AddressWindow(options.Mmio64Base, options.Mmio64Bytes),
            HotPlugMemoryBytes = options.HotPlugMemoryBytes,
            HotPlugPrefetchableBytes = options.HotPlugPrefetchableBytes,
        };
        _binder = new FunctionBinder(_host, _resources);
        _traffic = new RootComplexTraffic(_host, dma, errors, this, Counters);
    }

    public string Name => _options.Name;

    public HostMemory Memory { get; }

    IHostMemory IHostAttachment.MemoryOf(int slot) => Memory;

    public PciTree Tree { get; }

    public RootComplexCounters Counters { get; } = new();

    /// <summary>Configuration space of everything below, root port included.</summary>
    public IConfigAccess Config => _host.Config;

    /// <summary>The endpoints that are there, in the order they came.</summary>
    public IReadOnlyList<PciFunction> Functions => _binder.Functions;

    public Instant? NextDeadline => _traffic.NextDeadline;

    /// <summary>Adds a driver; it is offered every function that has none, now and later.</summary>
    public void AddDriver(IFunctionDriver driver) => _binder.AddDriver(driver);

    /// <summary>
    /// Enumerates everything below the root port, binds drivers, and starts hot-plug. Cards in slots that were off are powered on and come
    /// after this ended. Called once, on the scheduler.
    /// </summary>
    public async Task EnumerateAsync()
    {
        Check.That(Tree.Roots.Count == 0);
        Tree.Roots = await _host.Enumerator.EnumerateAsync(_resources);
        await _binder.AddFunctionsAsync(Tree.Roots);
        foreach (var node in Tree.Nodes.Where(node => node.IsHotPlugSlot).ToList())
        {
            var slot = new SlotController(node, _host, _binder, _options.AttentionDelay);
            _slots.Add(slot);
            await PortInterrupt.EnableAsync(node, _host, slot.OnInterrupt);
            await slot.StartAsync();
        }
    }

    /// <summary>Other times from the next request and the next press of a button on.</summary>
    /// <param name="completionTimeout">As <see cref="RootComplexOptions.CompletionTimeout"/>.</param>
    /// <param name="attentionDelay">As <see cref="RootComplexOptions.AttentionDelay"/>.</param>
    public void ChangeTimes(TimeSpan completionTimeout, TimeSpan attentionDelay)
    {
        _options = _options with { CompletionTimeout = completionTimeout, AttentionDelay = attentionDelay };
        _host.Requests.Timeout = completionTimeout;
        foreach (var slot in _slots)
        {
            slot.AttentionDelay = attentionDelay;
        }
    }

    /// <summary>Lets every driver let go of its function in order, as at shutdown.</summary>
    public Task StopAsync() => _binder.StopAsync();

    /// <summary>Runs interrupt handlers and ends requests that are past their timeout.</summary>
    /// <returns>True when something happened.</returns>
    public bool Poll(Instant now) => _traffic.Poll(now);

    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now)
    {
        _traffic.Accept(tlp);
        return true;
    }

    public bool TryTake(Instant now, Span<byte> into, out int length) => _traffic.TryTake(into, out length);

    public bool IsInterruptAddress(HostAddress address) => InterruptController.IsInterruptAddress(address);

    public void RaiseInterrupt(Rid requester, HostAddress address, uint data) => _host.Interrupts.Raise(requester, address, data);

    bool IBusMasterRules.MayMaster(Rid requester) => _rootPort.BusMasterEnable;

    int IBusMasterRules.MaxPayloadBytesOf(Rid requester) => _binder.MaxPayloadBytesOf(requester);

    /// <summary>The hot-plug slot of a port; null when it has none.</summary>
    internal SlotController? SlotOf(Rid port) => _slots.Find(slot => slot.Port == port);
}
