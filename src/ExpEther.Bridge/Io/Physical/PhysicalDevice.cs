using ExpEther.Bridge.Io.Devices;
using ExpEther.Bridge.Io.Functions;
using ExpEther.RootComplex;
using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.Functions.Sharing;

namespace ExpEther.Bridge.Io.Physical;

/// <summary>A device whose physical function the I/O bridge drives itself.</summary>
/// <param name="device">It.</param>
/// <param name="root">The root complex that its physical function sees.</param>
/// <param name="function">Its physical function.</param>
/// <param name="driver">The driver's side of it.</param>
/// <param name="gate">Sequences at the physical function, one at a time.</param>
internal sealed class PhysicalDevice(BusDevice device, PrivateRootComplex root, PciFunction function, IPhysicalFunction driver, SequenceGate gate)
{
    public BusDevice Device { get; } = device;

    public string Name => Device.Name;

    public PrivateRootComplex Root { get; } = root;

    public PciFunction Function { get; } = function;

    public IPhysicalFunction Driver { get; } = driver;

    public SequenceGate Gate { get; } = gate;

    /// <summary>Somebody wants the namespaces looked at, and who does it is at work already.</summary>
    public bool IsLookWanted { get; set; }

    public bool IsLooking { get; set; }

    /// <summary>How people call a VF, also one that the configuration does not have any more.</summary>
    public string NameOf(int virtualFunction) => VirtualFunction(virtualFunction)?.Name ?? $"{Name}.vf{virtualFunction}";

    public IoFunction? VirtualFunction(int number) => Device.Functions.Find(f => f.Real.VirtualNumber == number);
}
