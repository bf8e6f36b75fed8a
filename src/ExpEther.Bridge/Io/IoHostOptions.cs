using ExpEther.Link.Ethernet;
using ExpEther.Link.Sealing;

namespace ExpEther.Bridge.Io;

/// <summary>A host this box may serve. Its identity is (VLAN, MAC), bound to its key; the name is for people.</summary>
public sealed record IoHostOptions
{
    public required string Name { get; init; }

    public required VlanId Vlan { get; init; }

    public required MacAddress Mac { get; init; }

    /// <summary>32 bytes: the key of this host and this box, or the host's own, of which that is made. Empty where links are unsealed.</summary>
    public required byte[] Key { get; init; }

    /// <summary>True: <see cref="Key"/> is the pair's, and this box cannot know more.</summary>
    public bool IsPairKey { get; init; }

    /// <summary>The pre-shared key of the link between the host and a box.</summary>
    /// <param name="box">This box's MAC.</param>
    public byte[] KeyOfPair(MacAddress box) => IsPairKey || Key.Length == 0 ? Key : PairKey.Derive(Key, box);
}
