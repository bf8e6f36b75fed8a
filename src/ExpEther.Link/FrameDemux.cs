using ExpEther.Link.Ethernet;
using ExpEther.Link.Sealing;
using ExpEther.Link.Wire;

namespace ExpEther.Link;

/// <summary>A bridge's links by (VLAN, local MAC, peer MAC), so that a frame finds its link at once.</summary>
public sealed class FrameDemux
{
    private readonly Dictionary<(MacAddress Local, MacAddress Peer, VlanId Vlan), EtherLink> _links = [];

    public void Add(EtherLink link) => _links.Add((link.Options.Local, link.Options.Peer, link.Options.Vlan), link);

    public void Remove(EtherLink link) => _links.Remove((link.Options.Local, link.Options.Peer, link.Options.Vlan));

    /// <returns>The link that the frame's addresses and VLAN name, or null.</returns>
    public EtherLink? Find(in ReceivedFrame frame) => _links.GetValueOrDefault((frame.Destination, frame.Source, frame.Vlan));

    /// <summary>What the payload claims to be; null when it is no frame of ours. Nothing is authenticated here.</summary>
    public static FrameType? TypeOf(in ReceivedFrame frame) =>
        FrameHeader.TryParse(frame.Payload, out var header) == FrameError.None ? header.Type : null;

    /// <summary>Does it claim to be an announcement?</summary>
    public static bool IsAnnouncement(in ReceivedFrame frame) => TypeOf(frame) == FrameType.Announce;

    /// <summary>Does it claim to be the HELLO or INIT of a set-up: some peer, known or not, wants a link?</summary>
    public static bool IsSetupRequest(in ReceivedFrame frame) => TypeOf(frame) is FrameType.Hello or FrameType.Init;

    /// <summary>Is it a HELLO or INIT that only a holder of the key can have made for this link? So that a link need not be made for whoever asks.</summary>
    /// <param name="frame">From the peer that <paramref name="options"/> names.</param>
    /// <param name="options">The link there would be. In the unsealed form only damage is found.</param>
    public static bool IsAuthenticRequest(in ReceivedFrame frame, LinkOptions options) =>
        FrameHeader.TryParse(frame.Payload, out var header) == FrameError.None && header.Type is FrameType.Hello or FrameType.Init
        && new SetupSeal(options).IsAuthentic(frame.Payload[..header.Length]);
}
