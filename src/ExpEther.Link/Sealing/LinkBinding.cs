using ExpEther.Link.Ethernet;

namespace ExpEther.Link.Sealing;

/// <summary>What ties keys to one link.</summary>
internal readonly record struct LinkBinding(VlanId Vlan, MacAddress Initiator, MacAddress Responder)
{
    public static LinkBinding Of(LinkOptions options) => options.Role == LinkRole.Initiator
        ? new LinkBinding(options.Vlan, options.Local, options.Peer)
        : new LinkBinding(options.Vlan, options.Peer, options.Local);
}
