namespace ExpEther.Ethernet;

/// <summary>Every bound of this project.</summary>
public static class EthernetLimits
{
    /// <summary>The longest payload of any port: the largest MTU a veth takes.</summary>
    public const int MtuBytesMax = 65535;

    /// <summary>Addresses a switch remembers; more are flooded.</summary>
    public const int LearnedAddressesMax = 4096;

    /// <summary>IEEE 802.1Q §8.8.3: the default ageing time of a learned address.</summary>
    public const int LearnedAddressSecondsMax = 300;

    /// <summary>Frames that wait at the egress of one switch port, those a delay holds included.</summary>
    public const int SwitchQueueFramesMax = 4096;

    public const int SwitchPortsMax = 256;

    /// <summary>The longest delay a switch port can be given.</summary>
    public const int SwitchDelayMsMax = 60_000;

    /// <summary>How long a port offers a frame to a full queue before it is lost.</summary>
    public const int SendPatienceMsMax = 5;

    /// <summary>Frames a switch takes from one port before it looks at the next.</summary>
    public const int SwitchBurstFramesMax = 64;

    /// <summary>
    /// MAC addresses of one packet socket (they are tested one by one in its BPF filter): twice the hosts of a machine, for while some take
    /// others' place.
    /// </summary>
    public const int LocalMacsMax = 128;

    /// <summary>VLAN IDs a packet socket's filter lists, twice the hosts likewise; 0 listed: any.</summary>
    public const int FilterVlansMax = 128;

    /// <summary>MACs of which a UDP port remembers where they are.</summary>
    public const int UdpLearnedMacsMax = 1024;

    /// <summary>Endpoints at which one MAC may be, as long as none is proven.</summary>
    public const int UdpCandidatesMax = 4;

    /// <summary>
    /// How long after an authentic frame nothing else is believed of a MAC. Ten keep-alives of a link: a peer that is there speaks within this time.
    /// </summary>
    public static readonly TimeSpan UdpProofLife = TimeSpan.FromSeconds(2);

    /// <summary>How long an unproven endpoint keeps its place against another after it was heard last.</summary>
    public static readonly TimeSpan UdpCandidateHold = TimeSpan.FromSeconds(2);

    /// <summary>How long something is sent to an unproven endpoint that is not heard any more.</summary>
    public static readonly TimeSpan UdpCandidateLife = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a switch's address belongs to the port it was last heard at, against frames from another one: five keep-alives of a link. A cable
    /// that is moved takes longer, or waits so long.
    /// </summary>
    public static readonly TimeSpan LearnedAddressHold = TimeSpan.FromSeconds(1);

    /// <summary>Configured peers of a UDP port: each gets a copy of every broadcast.</summary>
    public const int UdpPeersMax = 64;
}
