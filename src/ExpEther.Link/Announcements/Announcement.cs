#pragma warning disable CA1822
using ExpEther.Link.Ethernet;

namespace ExpEther.Link.Announcements;

/// <summary>
/// What a host bridge broadcasts in its VLAN: "I am here". Not authenticated, so not trusted: it only tells an I/O bridge whom it
/// could open a link to, and an operator what is out there.
/// </summary>
/// <param name="Source">The bridge's MAC.</param>
/// <param name="Vlan">Its VLAN.</param>
/// <param name="Name">Its name, at most <see cref="LinkLimits.NameBytesMax"/> bytes of UTF-8.</param>
/// <param name="Features">What it can do.</param>
/// <param name="Slots">How many slots it has.</param>
/// <param name="Sealed">Whether it wants sealed links.</param>
public sealed record Announcement(MacAddress Source, VlanId Vlan, string Name, LinkFeatures Features, int Slots, bool Sealed)
{
    /// <summary>Writes the whole tagged Ethernet frame.</summary>
    /// <returns>Bytes written.</returns>
    public int Write(Span<byte> into, ushort etherType = LinkLimits.EtherTypeDefault) => 0;

    /// <returns>Null: not an announcement, or damaged.</returns>
    public static Announcement? TryParse(in ReceivedFrame frame) => null;
}
