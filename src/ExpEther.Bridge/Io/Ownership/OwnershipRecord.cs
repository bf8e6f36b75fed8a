using ExpEther.Link.Ethernet;

namespace ExpEther.Bridge.Io.Ownership;

/// <summary>Who owns a function: kept over restarts.</summary>
/// <param name="Function">The function's name.</param>
/// <param name="Vlan">The owner's VLAN.</param>
/// <param name="Mac">The owner's MAC.</param>
/// <param name="Generation">Of the last assignment.</param>
public sealed record OwnershipRecord(string Function, VlanId Vlan, MacAddress Mac, ulong Generation)
{
    public HostIdentity Owner => new(Vlan, Mac);

    /// <summary>The first generation since which the owner has had the function without a break.</summary>
    public ulong Since { get; init; } = Generation;
}
