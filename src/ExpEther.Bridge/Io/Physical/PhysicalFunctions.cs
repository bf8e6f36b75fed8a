using ExpEther.Bridge.Io.Devices;
using ExpEther.Core.Scheduling;
using ExpEther.Pcie;
using ExpEther.RootComplex;
using ExpEther.RootComplex.Enumeration;
using ExpEther.RootComplex.Functions.Sharing;

namespace ExpEther.Bridge.Io.Physical;

/// <summary>
/// The physical functions that the I/O bridge drives (row 8): it finds a driver for each, gives it a root complex of its own, and knows which are in
/// use. A device without driver, or whose driver does not start, has VFs all the same: whether they work without is the device's affair.
/// </summary>
internal sealed class PhysicalFunctions(
    IoBridgeOptions options, DeviceConfigAccess config, OwnerScheduler scheduler, OwnerSignal changed, IEventSink events)
{
    /// <summary>Bus 0 has no device: nobody else has this ID, and <see cref="DeviceConfigAccess.Reserved"/> is another.</summary>
    public static readonly Rid Reserved = new(0, 1, 0);

    private readonly List<IPhysicalFunctionDriver> _drivers = [];
    private readonly List<PhysicalDevice> _devices = [];

    /// <summary>Told when a device's physical function changed by itself.</summary>
    public Action<PhysicalDevice>? Changed { get; set; }

    public IReadOnlyList<PhysicalDevice> All => _devices;

    public void Add(IPhysicalFunctionDriver driver) => _drivers.Add(driver);

    public PhysicalDevice? Find(string device) => _devices.Find(d => d.Name == device);

    public PhysicalDevice? Find(BusDevice device) => _devices.Find(d => d.Device == device);

    /// <summary>Starts the driver of a device's physical function, before its VFs are enabled.</summary>
    /// <returns>Empty: it runs, or there is none for it; else why it did not start.</returns>
    public async Task<string> StartAsync(BusDevice device, PciNode node)
    {
        Check.That(Find(device) is null && device.Own is null);
        var root = new PrivateRootComplex(
            new PrivateRootComplexOptions
            {
                Name = device.Name,
                Requester = Reserved,
                MemoryBase = MemoryBase(),
                MemoryBytes = IoBridgeLimits.PhysicalFunctionMemoryBytes,
                CompletionTimeout = options.CompletionTimeout,
            },
            config, scheduler, events);
        var function = root.Add(node);
        if (_drivers.Find(d => d.Matches(function)) is not { } driver)
        {
            root.Remove(function);
            return "";
        }

        device.Own = new OwnTraffic(root, device.Device);
        var started = await driver.StartAsync(function, device.Name);
        if (started.Function is not { } running)
        {
            root.Remove(function);
            device.Own = null;
            return started.Failure;
        }

        var physical = new PhysicalDevice(device, root, function, running, new SequenceGate(changed, scheduler));
        _devices.Add(physical);
        running.Changed += () => Changed?.Invoke(physical);
        return "";
    }

    /// <summary>VF Enable was set: gives VFs 1 to <paramref name="count"/> what they need of the physical function.</summary>
    /// <returns>Empty; else why they cannot be used.</returns>
    public Task<string> EnableAsync(BusDevice device, int count) =>
        Find(device) is { } physical ? physical.Gate.RunAsync(() => physical.Driver.EnableAsync(count)) : Task.FromResult("");

    /// <summary>The device is gone: its driver learns it at once, and lets go by itself.</summary>
    public void Remove(BusDevice device)
    {
        if (Find(device) is not { } physical)
        {
            return;
        }

        _devices.Remove(physical);
        physical.Root.Remove(physical.Function);
        device.Own = null;
        scheduler.Start(() => physical.Driver.StopAsync(surprise: true));
    }

    /// <summary>
    /// Outside both apertures, so that no switch on the device bus would take its DMA for another device's (PCIe 5.0 §6.12). Each physical function
    /// has its own, at the same place: whose DMA it is, its requester ID says.
    /// </summary>
    private ulong MemoryBase()
    {
        const ulong Lowest = 0x1000_0000;
        var at = Lowest;
        while (Overlaps(at, options.MemIoBase, options.MemIoBytes) || Overlaps(at, options.MemIo32Base, options.MemIo32Bytes))
        {
            at += Lowest;
        }

        return at;
    }

    private static bool Overlaps(ulong at, ulong start, ulong bytes) => at < start + bytes && at + IoBridgeLimits.PhysicalFunctionMemoryBytes > start;
}
