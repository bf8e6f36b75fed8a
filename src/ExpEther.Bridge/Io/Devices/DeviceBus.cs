using ExpEther.Bridge.Io.Functions;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Ports;
using ExpEther.RootComplex.Enumeration;

namespace ExpEther.Bridge.Io.Devices;

/// <summary>
/// The box's devices, each alone on its buses, and their bring-up: enumeration by configuration requests, as an operating system does it;
/// of a device that is shared, also its virtual functions.
/// </summary>
internal sealed class DeviceBus
{
    /// <summary>Bus 0 is the I/O bridge's own, F0h to F7h are hosts' (<see cref="Sessions.HostIoRids"/>).</summary>
    private const int LastBus = 0xEF;

    private readonly IoBridgeOptions _options;
    private readonly DeviceConfigAccess _config;
    private readonly OwnerScheduler _scheduler;
    private readonly IEventSink _events;
    private readonly FunctionReadiness _readiness;
    private readonly SrIovBringUp _srIov;
    private readonly FunctionSurvey _survey;
    private readonly List<BusDevice> _devices = [];
    private readonly AddressAllocator _aperture64;
    private readonly AddressAllocator _aperture32;
    private int _lastBus;

    public DeviceBus(IoBridgeOptions options, DeviceConfigAccess config, OwnerScheduler scheduler, IEventSink events)
    {
        _options = options;
        _config = config;
        _scheduler = scheduler;
        _events = events;
        _aperture64 = new AddressAllocator(new AddressWindow(options.MemIoBase, options.MemIoBytes));
        _aperture32 = new AddressAllocator(new AddressWindow(options.MemIo32Base, options.MemIo32Bytes));
        _readiness = new FunctionReadiness(config, scheduler);
        _srIov = new SrIovBringUp(config, _readiness, scheduler, _aperture64, _aperture32);
        _survey = new FunctionSurvey(config);
    }

    /// <summary>Who drives the physical functions; null: nobody does.</summary>
    public IPhysicalFunctionKeeper? Keeper { get; set; }

    /// <summary>The list itself, so that going through it at every turn allocates nothing.</summary>
    public List<BusDevice> All => _devices;

    /// <summary>The earliest time a device asked for; null: none did.</summary>
    public Instant? NextDeadline
    {
        get
        {
            Instant? earliest = null;
            foreach (var device in _devices)
            {
                earliest = Instant.Earliest(earliest, device.NextDeadline);
            }

            return earliest;
        }
    }

    /// <summary>Gives a device a bus of its own, if one is left. Buses go round, so that one is used again as late as can be.</summary>
    /// <param name="name">No other device's.</param>
    /// <param name="device">Not used by anyone else.</param>
    /// <param name="vfs">How many virtual functions are to be shared; 0: none.</param>
    public BusDevice Add(string name, IPcieDevice device, int vfs)
    {
        // Twice as many: while one takes another's place, both are there.
        Check.That(_devices.Count < 2 * IoBridgeLimits.DevicesMax);
        var added = new BusDevice(name, device, vfs);
        if (FindBuses(added, 1) is var bus and not 0)
        {
            Place(added, bus, 1);
        }

        _devices.Add(added);
        return added;
    }

    /// <summary>The device is not used any more, and its buses and addresses are free.</summary>
    public void Remove(BusDevice device)
    {
        Check.That(_devices.Remove(device));
        Keeper?.OnRemoved(device);
        _config.Remove(device.Bus);
        foreach (var bar in device.Nodes.SelectMany(n => n.Bars).Where(b => b.IsAssigned))
        {
            (bar.Is64Bit ? _aperture64 : _aperture32).Free(new AddressWindow(bar.Address.Value, bar.SizeBytes));
        }

        if (device.SrIov is { } layout)
        {
            _srIov.Free(layout);
        }
    }

    /// <summary>Enumerates one device; its functions join nobody's table here.</summary>
    /// <returns>Empty; else why it has no function.</returns>
    public async Task<string> BringUpAsync(BusDevice device)
    {
        if (device.Bus == 0)
        {
            return "no bus is left for it";
        }

        if (device.VfsWanted > 0)
        {
            var failure = await _srIov.FindAsync(device);
            if (failure.Length == 0 && !TryWiden(device))
            {
                failure = $"no {BusesOf(device)} consecutive buses are left for its virtual functions";
            }

            if (failure.Length > 0)
            {
                device.SrIov = null;
                return failure;
            }
        }

        var enumerator = new BusEnumerator(_config, _scheduler, _events, device.Name);
        device.Nodes = await enumerator.EnumerateEndpointsAsync(device.Bus, _aperture64, _aperture32);
        if (device.Nodes.Count == 0)
        {
            return "no function answers on its bus";
        }

        device.MaxPayloadBytes = FunctionSurvey.FittingPayload(device.Nodes, _options.MtuBytes);
        return device.VfsWanted > 0 ? await ShareAsync(device) : await UseAsync(device);
    }

    private async Task<string> UseAsync(BusDevice device)
    {
        foreach (var node in device.Nodes.Take(IoBridgeLimits.FunctionsPerDeviceMax))
        {
            if (node.Capabilities.SrIov != 0)
            {
                await _srIov.DisableAsync(node.Rid, node.Capabilities.SrIov);
            }

            var real = await _survey.ReadAsync(node, device.MaxPayloadBytes);
            device.Add(new IoFunction(device.Nodes.Count == 1 ? device.Name : $"{device.Name}.{node.Rid.Function}", device, real));
        }

        return "";
    }

    /// <summary>The PF is kept, its virtual functions are what hosts can own.</summary>
    private async Task<string> ShareAsync(BusDevice device)
    {
        var node = device.Nodes[0];
        var physical = await _survey.ReadAsync(node, device.MaxPayloadBytes);
        device.Physical = physical;
        if (physical.PciExpressOffset != 0)
        {
            // §9.3.5.4: payload and read request sizes of all virtual functions are set here.
            await _config.WriteAsync(physical.Rid, physical.PciExpressOffset + PcieRegister.DeviceControl, physical.DeviceControl, 0b0011);
        }

        await _config.WriteAsync(physical.Rid, ConfigRegister.Command, physical.Command(false), 0b0011);
        var failure = await _srIov.EnableAsync(device);
        if (failure.Length == 0 && Keeper is not null)
        {
            failure = await Keeper.OnVirtualFunctionsEnabledAsync(device);
        }

        if (failure.Length > 0)
        {
            await _srIov.DisableAsync(physical.Rid, node.Capabilities.SrIov);
            return failure;
        }

        var layout = device.SrIov!;
        for (var number = 1; number <= layout.NumVfs; number++)
        {
            var rid = new Rid((ushort)layout.RidOf(physical.Rid, number));
            var isReady = await _readiness.WaitAsync(rid, true);
            var real = await _survey.ReadVirtualAsync(rid, number, node.VendorId, layout, physical);
            device.Add(new IoFunction($"{device.Name}.vf{number}", device, real)
            {
                State = isReady ? FunctionState.Idle : FunctionState.Failed,
                Failure = isReady ? "" : "it does not answer",
            });
        }

        return "";
    }

    private static int BusesOf(BusDevice device) =>
        (device.SrIov!.RidOf(new Rid(device.Bus, 0, 0), device.SrIov.NumVfs) >> 8) - device.Bus + 1;

    /// <summary>Gives the device the buses of all its virtual functions: those behind its own, or it goes where as many are free.</summary>
    private bool TryWiden(BusDevice device)
    {
        var count = BusesOf(device);
        var first = IsFree(device, device.Bus, count) ? device.Bus : FindBuses(device, count);
        if (first == 0)
        {
            return false;
        }

        _config.Remove(device.Bus);
        Place(device, first, count);
        return true;
    }

    private void Place(BusDevice device, int first, int count)
    {
        _lastBus = Math.Max(first + count - 1, first == device.Bus ? _lastBus : 0);
        device.Place((byte)first, (byte)(first + count - 1));
        _config.Add(device.Bus, device.LastBus, device.Device);
    }

    private int FindBuses(BusDevice device, int count)
    {
        for (var i = 0; i < LastBus; i++)
        {
            var first = ((_lastBus + i) % LastBus) + 1;
            if (IsFree(device, first, count))
            {
                return first;
            }
        }

        return 0;
    }

    private bool IsFree(BusDevice device, int first, int count)
    {
        for (var bus = first; bus < first + count; bus++)
        {
            if (bus > LastBus || _devices.Exists(d => d != device && d.IsOn(bus)))
            {
                return false;
            }
        }

        return true;
    }
}
