using ExpEther.Bridge.Io.Functions;
using ExpEther.Link.Ethernet;
using ExpEther.Pcie;

namespace ExpEther.Bridge.Io.Status;

/// <summary>A function as people ask for it.</summary>
public sealed record IoFunctionStatus
{
    public required string Name { get; init; }

    public required string Device { get; init; }

    public required ushort Number { get; init; }

    /// <summary>Of a virtual function, from 1; 0: it is none.</summary>
    public int VirtualNumber { get; init; }

    public required FunctionState State { get; init; }

    /// <summary>Why, when <see cref="State"/> is Failed; else empty.</summary>
    public string Failure { get; init; } = "";

    /// <summary>What its owner's side last said of it that people should know; empty: nothing.</summary>
    public string Note { get; init; } = "";

    /// <summary>The sequence that is running: attach, detach, move, link-up …; null: none.</summary>
    public string? Busy { get; init; }

    /// <summary>The UUID of the guest that the function follows to another host, or null.</summary>
    public Guid? FollowsGuest { get; init; }

    public string? Owner { get; init; }

    /// <summary>The owner's; None when there is none.</summary>
    public VlanId Vlan { get; init; }

    public ulong Generation { get; init; }

    public ushort VendorId { get; init; }

    public ushort DeviceId { get; init; }

    public int ClassCode { get; init; }

    public IReadOnlyList<IoBarStatus> Bars { get; init; } = [];

    /// <summary>The function's RID on the device bus.</summary>
    public Rid VfIo { get; init; }

    /// <summary>The RID its owner gave it; null before that.</summary>
    public Rid? VfH { get; init; }

    /// <summary>The owner's RID on the device bus; null without owner.</summary>
    public Rid? HostIo { get; init; }

    /// <summary>The requester ID that the owner uses; null before its first request.</summary>
    public Rid? HostH { get; init; }

    /// <summary>NSIDs of the private namespaces that were given to it by name, of whichever owner.</summary>
    public IReadOnlyList<uint> GivenNamespaces { get; init; } = [];

    /// <summary>The owner's slot, from 1; null before the owner told.</summary>
    public int? Slot { get; init; }

    public bool BusMasterEnable { get; init; }

    public bool MemorySpaceEnable { get; init; }

    /// <summary>Non-posted requests of the owner that the device has not answered.</summary>
    public int HostRequestsOutstanding { get; init; }

    /// <summary>Non-posted requests of the device that the owner has not answered.</summary>
    public int DmaRequestsOutstanding { get; init; }

    public IoFunctionCounters Counters { get; init; }
}
