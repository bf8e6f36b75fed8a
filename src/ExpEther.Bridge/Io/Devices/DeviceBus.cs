using ExpEther.Bridge.Io.Functions;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Pcie.Ports;
using ExpEther.RootComplex.Enumeration;

namespace ExpEther.Bridge.Io.Devices;

/// <summary>The box's devices, each alone on its bus, and their bring-up: enumeration by configuration requests, as an operating system does it.</summary>
internal sealed class DeviceBus(IoBridgeOptions options, DeviceConfigAccess config, OwnerScheduler scheduler, IEventSink events)
{
    private readonly List<BusDevice> _devices = [];
    private readonly AddressAllocator _aperture64 = new(new AddressWindow(options.MemIoBase, options.MemIoBytes));
    private readonly AddressAllocator _aperture32 = new(new AddressWindow(options.MemIo32Base, options.MemIo32Bytes));

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
                earliest = Instant.Earliest(earliest, device.Device.NextDeadline);
            }

            return earliest;
        }
    }

    /// <summary>Bus 0 is the I/O bridge's own; the devices follow.</summary>
    public void Add(string name, IPcieDevice device)
    {
        Check.That(_devices.Count < IoBridgeLimits.DevicesMax && _devices.TrueForAll(d => d.Name != name));
        var added = new BusDevice(name, device, (byte)(_devices.Count + 1));
        _devices.Add(added);
        config.Add(added.Bus, device);
    }

    /// <summary>Brings one device up and adds its functions to the table. One that does not come up is reported and has no function.</summary>
    public async Task<string> BringUpAsync(BusDevice device, FunctionTable functions)
    {
        var enumerator = new BusEnumerator(config, scheduler, events, device.Name);
        var nodes = await enumerator.EnumerateEndpointsAsync(device.Bus, _aperture64, _aperture32);
        if (nodes.Count == 0)
        {
            return "no function answers on its bus";
        }

        var survey = new FunctionSurvey(config);
        device.MaxPayloadBytes = FunctionSurvey.FittingPayload(nodes, options.MtuBytes);
        foreach (var node in nodes.Take(IoBridgeLimits.FunctionsPerDeviceMax))
        {
            var real = await survey.ReadAsync(node, device.MaxPayloadBytes);
            var name = nodes.Count == 1 ? device.Name : $"{device.Name}.{node.Rid.Function}";
            var function = new IoFunction(name, functions.NextNumber, device, real);
            device.Add(function);
            functions.Add(function);
        }

        return "";
    }
}
