using ExpEther.Bridge.Io.Functions;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Pcie.Ports;
using ExpEther.RootComplex.Enumeration;

namespace ExpEther.Bridge.Io.Devices;

/// <summary>The box's devices, each alone on its bus, and their bring-up: enumeration by configuration requests, as an operating system does it.</summary>
internal sealed class DeviceBus(IoBridgeOptions options, DeviceConfigAccess config, OwnerScheduler scheduler, IEventSink events)
{
    /// <summary>Bus 0 is the I/O bridge's own, F0h to F7h are hosts' (<see cref="Sessions.HostIoRids"/>).</summary>
    private const int LastBus = 0xEF;

    private readonly List<BusDevice> _devices = [];
    private readonly AddressAllocator _aperture64 = new(new AddressWindow(options.MemIoBase, options.MemIoBytes));
    private readonly AddressAllocator _aperture32 = new(new AddressWindow(options.MemIo32Base, options.MemIo32Bytes));
    private int _lastBus;

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
                earliest = Instant.Earliest(Instant.Earliest(earliest, device.Device.NextDeadline), device.Own?.NextDeadline);
            }

            return earliest;
        }
    }

    /// <summary>Gives a device a bus of its own. Buses go round, so that one is used again as late as can be.</summary>
    public BusDevice Add(string name, IPcieDevice device)
    {
        // Twice as many: while one takes another's place, both are there.
        Check.That(_devices.Count < 2 * IoBridgeLimits.DevicesMax);
        do
        {
            _lastBus = _lastBus < LastBus ? _lastBus + 1 : 1;
        }
        while (_devices.Exists(d => d.Bus == _lastBus));
        var added = new BusDevice(name, device, (byte)_lastBus);
        _devices.Add(added);
        config.Add(added.Bus, device);
        return added;
    }

    /// <summary>The device is not used any more, and its addresses are free.</summary>
    public void Remove(BusDevice device)
    {
        Check.That(_devices.Remove(device));
        config.Remove(device.Bus);
        foreach (var bar in device.Nodes.SelectMany(n => n.Bars).Where(b => b.IsAssigned))
        {
            (bar.Is64Bit ? _aperture64 : _aperture32).Free(new AddressWindow(bar.Address.Value, bar.SizeBytes));
        }
    }

    /// <summary>Enumerates one device; its functions join nobody's table here.</summary>
    /// <returns>Empty; else why it has no function.</returns>
    public async Task<string> BringUpAsync(BusDevice device)
    {
        var enumerator = new BusEnumerator(config, scheduler, events, device.Name);
        device.Nodes = await enumerator.EnumerateEndpointsAsync(device.Bus, _aperture64, _aperture32);
        if (device.Nodes.Count == 0)
        {
            return "no function answers on its bus";
        }

        var survey = new FunctionSurvey(config);
        device.MaxPayloadBytes = FunctionSurvey.FittingPayload(device.Nodes, options.MtuBytes);
        foreach (var node in device.Nodes.Take(IoBridgeLimits.FunctionsPerDeviceMax))
        {
            var real = await survey.ReadAsync(node, device.MaxPayloadBytes);
            device.Add(new IoFunction(device.Nodes.Count == 1 ? device.Name : $"{device.Name}.{node.Rid.Function}", device, real));
        }

        return "";
    }
}
