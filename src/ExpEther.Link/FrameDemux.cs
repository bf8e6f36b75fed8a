using ExpEther.Link.Ethernet;

namespace ExpEther.Link;

/// <summary>A bridge's links by (VLAN, local MAC, peer MAC), so that a frame finds its link at once.</summary>
public sealed class FrameDemux
{
    private readonly Dictionary<(MacAddress Local, MacAddress Peer, VlanId Vlan), EtherLink> _links = [];

    public void Add(EtherLink link) => _links.Add((link.Options.Local, link.Options.Peer, link.Options.Vlan), link);

    public void Remove(EtherLink link) => _links.Remove((link.Options.Local, link.Options.Peer, link.Options.Vlan));

    /// <returns>The link that the frame's addresses and VLAN name, or null.</returns>
    public EtherLink? Find(in ReceivedFrame frame) => _links.GetValueOrDefault((frame.Destination, frame.Source, frame.Vlan));

    /// <summary>Does this payload look like an announcement? Nothing else is checked.</summary>
    public static bool IsAnnouncement(in ReceivedFrame frame) => false;

    /// <summary>Does this payload look like the INIT of a set-up, so that an unknown peer wants a link?</summary>
    public static bool IsInit(in ReceivedFrame frame) => false;
}
