using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Io.Physical;
using ExpEther.Bridge.Io.Traffic;
using ExpEther.Pcie;
using ExpEther.Pcie.Ports;
using ExpEther.RootComplex.Enumeration;

namespace ExpEther.Bridge.Io.Devices;

/// <summary>One device of the box, alone on a bus of its own.</summary>
internal sealed class BusDevice(string name, IPcieDevice device, byte bus)
{
    private readonly IoFunction?[] _functions = new IoFunction?[256];

    public string Name { get; } = name;

    public IPcieDevice Device { get; } = device;

    public byte Bus { get; } = bus;

    /// <summary>What the device's port carries at most in one TLP; set once for all of its functions.</summary>
    public int MaxPayloadBytes { get; set; } = 128;

    public DeviceOutput Output { get; } = new();

    /// <summary>The I/O bridge's own traffic with its physical function; null: none.</summary>
    public OwnTraffic? Own { get; set; }

    public long UnknownRequesters { get; set; }

    public long Malformed { get; set; }

    /// <summary>What enumeration found, with the places of their BARs.</summary>
    public IReadOnlyList<PciNode> Nodes { get; set; } = [];

    public List<IoFunction> Functions { get; } = [];

    public void Add(IoFunction function)
    {
        Functions.Add(function);
        _functions[function.VfIo.DeviceFunction] = function;
    }

    /// <summary>The function with this RID, or null: a RID that nobody on this device has.</summary>
    public IoFunction? Find(Rid rid) => rid.Bus == Bus ? _functions[rid.DeviceFunction] : null;
}
