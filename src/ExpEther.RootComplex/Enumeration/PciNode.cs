using ExpEther.Pcie;
using ExpEther.RootComplex.Functions;

namespace ExpEther.RootComplex.Enumeration;

/// <summary>One function that enumeration found: an endpoint, or a port with what is below it.</summary>
public sealed class PciNode
{
    public required Rid Rid { get; init; }

    public required PciNodeKind Kind { get; init; }

    public required ushort VendorId { get; init; }

    public required ushort DeviceId { get; init; }

    public ushort SubsystemVendorId { get; init; }

    public ushort SubsystemId { get; init; }

    /// <summary>24 bits: base class, sub-class, programming interface.</summary>
    public required uint ClassCode { get; init; }

    public byte RevisionId { get; init; }

    public bool IsMultiFunction { get; init; }

    public required PciCapabilities Capabilities { get; init; }

    /// <summary>The port above; null on the root bus.</summary>
    public PciNode? Parent { get; init; }

    public IReadOnlyList<PciBar> Bars { get; internal set; } = [];

    /// <summary>What is on the secondary bus of a port, in order of device and function.</summary>
    public IReadOnlyList<PciNode> Children => ChildList;

    /// <summary>A port's secondary bus; 0 when it could not be given one.</summary>
    public byte SecondaryBus { get; internal set; }

    public byte SubordinateBus { get; internal set; }

    /// <summary>A port's non-prefetchable window.</summary>
    public AddressWindow Memory { get; internal set; }

    public AddressWindow Prefetchable { get; internal set; }

    /// <summary>Max_Payload_Size supported, in bytes.</summary>
    public int MaxPayloadSupportedBytes { get; internal set; } = 128;

    /// <summary>Max_Payload_Size as set, in bytes.</summary>
    public int MaxPayloadBytes { get; internal set; } = 128;

    public bool IsBridge => Kind != PciNodeKind.Endpoint;

    /// <summary>A port whose slot can be hot-plugged.</summary>
    public bool IsHotPlugSlot { get; internal set; }

    /// <summary>Physical Slot Number of a port that has a slot.</summary>
    public int SlotNumber { get; internal set; }

    /// <summary>A port with a 64-bit prefetchable window.</summary>
    internal bool HasPrefetchable64 { get; set; }

    internal List<PciNode> ChildList { get; } = [];

    /// <summary>What is free of <see cref="Memory"/>; null without that window.</summary>
    internal AddressAllocator? MemoryFree { get; set; }

    internal AddressAllocator? PrefetchableFree { get; set; }

    /// <summary>This node and all below it, depth first.</summary>
    public IEnumerable<PciNode> SelfAndBelow()
    {
        yield return this;
        foreach (var child in ChildList)
        {
            foreach (var node in child.SelfAndBelow())
            {
                yield return node;
            }
        }
    }
}
