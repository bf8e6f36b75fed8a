using ExpEther.Bridge.Io.Devices;
using ExpEther.Core.Scheduling;
using ExpEther.Pcie;
using ExpEther.RootComplex;
using ExpEther.RootComplex.Functions.Sharing;

namespace ExpEther.Bridge.Io.Physical;

/// <summary>
/// The physical functions that the I/O bridge drives (row 8): it finds a driver for each, gives it a root complex of its own, and knows which are in
/// use. A device for which there is no driver has VFs all the same: whether they work without is its own affair.
/// </summary>
internal sealed class PhysicalFunctions(
    IoBridgeOptions options, DeviceConfigAccess config, OwnerScheduler scheduler, OwnerSignal changed, IEventSink events) : IPhysicalFunctionKeeper
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

    /// <summary>
    /// Starts the driver of a device's physical function, if there is one for it, and gives the VFs what they need of it.
    /// </summary>
    public async Task<string> OnVirtualFunctionsEnabledAsync(BusDevice device)
    {
        var failure = await StartAsync(device);
        if (failure.Length > 0 || Find(device) is not { } physical)
        {
            return failure;
        }

        failure = await physical.Gate.RunAsync(() => physical.Driver.EnableAsync(device.VfsWanted));
        if (failure.Length > 0)
        {
            _devices.Remove(physical);
            await physical.Driver.StopAsync(surprise: false);
            physical.Root.Remove(physical.Function);
            device.Own = null;
        }

        return failure;
    }

    /// <summary>The device is gone: its driver learns it at once, and lets go by itself.</summary>
    public void OnRemoved(BusDevice device)
    {
        if (Find(device) is not { } physical)
        {
            return;
        }

        _devices.Remove(physical);
        physical.Root.Remove(physical.Function);
        device.Own = null;
        device.Scope!.Start(() => physical.Driver.StopAsync(surprise: true));
    }

    /// <summary>A bug of the driver's, or of what the box does by it: what the device is told from then on cannot be trusted.</summary>
    private bool Fail(BusDevice device, Exception e)
    {
        device.Device.Fail(e);
        changed.Set();
        return true;
    }

    private async Task<string> StartAsync(BusDevice device)
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
        var function = root.Add(device.Nodes[0]);
        if (_drivers.Find(d => d.Matches(function)) is not { } driver)
        {
            return "";
        }

        device.Own = root;
        var scope = device.Scope = new SequenceScope(scheduler, e => Fail(device, e));
        PhysicalFunctionStart started;
        try
        {
            started = await scope.Run(() => driver.StartAsync(function, device.Name));
        }
        catch (Exception e)
        {
            Fail(device, e);
            started = new PhysicalFunctionStart(null, DeviceFence.Failure);
        }

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
