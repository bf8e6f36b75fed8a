namespace ExpEther.Link.Ethernet;

/// <summary>An Ethernet frame as it came in, its 802.1Q tag taken off (a kernel strips it; see <see cref="IFramePort"/>).</summary>
public readonly ref struct ReceivedFrame
{
    public ReceivedFrame(MacAddress destination, MacAddress source, VlanId vlan, ReadOnlySpan<byte> payload)
    {
        Destination = destination;
        Source = source;
        Vlan = vlan;
        Payload = payload;
    }

    public MacAddress Destination { get; }

    public MacAddress Source { get; }

    public VlanId Vlan { get; }

    /// <summary>All after the EtherType. May be longer than what was sent: short frames are padded to 46 B.</summary>
    public ReadOnlySpan<byte> Payload { get; }
}
