using ExpEther.Link.Ethernet;

namespace ExpEther.Bridge.Io;

/// <summary>A host this box may serve. Its identity is (VLAN, MAC), bound to its key; the name is for people.</summary>
public sealed record IoHostOptions
{
    public required string Name { get; init; }

    public required VlanId Vlan { get; init; }

    public required MacAddress Mac { get; init; }

    /// <summary>Pre-shared key, 32 bytes.</summary>
    public required byte[] Key { get; init; }
}
