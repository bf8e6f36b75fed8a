using ExpEther.Link.Ethernet;

namespace ExpEther.Bridge.Hosts;

/// <summary>What <c>ls</c>, <c>stats</c> and the demo show of a host bridge; a snapshot.</summary>
public sealed record HostBridgeStatus(
    string Name, MacAddress Mac, VlanId Vlan, IReadOnlyList<SlotStatus> Slots, IReadOnlyList<BoxStatus> Boxes,
    IReadOnlyList<MisfitStatus> Misfits, HostBridgeCounters Counters)
{
    /// <summary>Another station announces itself with this bridge's VLAN and MAC.</summary>
    public bool HasTwin { get; init; }
}
