namespace ExpEther.Linux.Native;

/// <summary>linux/if_packet.h, linux/if_ether.h, linux/filter.h, linux/sockios.h, net/if.h, net/if_arp.h, sys/mman.h, netinet/in.h.</summary>
internal static class PacketConstants
{
    public const int SOL_PACKET = 263;
    public const int PACKET_ADD_MEMBERSHIP = 1;
    public const int PACKET_DROP_MEMBERSHIP = 2;
    public const int PACKET_RX_RING = 5;
    public const int PACKET_STATISTICS = 6;
    public const int PACKET_VERSION = 10;
    public const int PACKET_IGNORE_OUTGOING = 23;
    public const int PACKET_MR_PROMISC = 1;
    public const int PACKET_MR_UNICAST = 3;
    public const int TPACKET_V2 = 1;

    public const uint TP_STATUS_KERNEL = 0;
    public const uint TP_STATUS_USER = 1;
    public const uint TP_STATUS_VLAN_VALID = 0x10;
    public const uint TP_STATUS_VLAN_TPID_VALID = 0x40;

    /// <summary>TPACKET_ALIGN(sizeof(struct tpacket2_hdr)) + sizeof(struct sockaddr_ll).</summary>
    public const int TPACKET2_HDRLEN = 52;

    public const ushort ETH_P_ALL = 3;

    public const uint SIOCGIFFLAGS = 0x8913;
    public const uint SIOCGIFMTU = 0x8921;
    public const uint SIOCGIFHWADDR = 0x8927;
    public const ushort ARPHRD_ETHER = 1;
    public const ushort ARPHRD_LOOPBACK = 772;
    public const short IFF_UP = 1;
    public const short IFF_RUNNING = 0x40;

    public const int PROT_READ = 1;
    public const int PROT_WRITE = 2;
    public const int MAP_SHARED = 1;

    public const int IPPROTO_IP = 0;
    public const int IP_MTU_DISCOVER = 10;
    public const int IP_PMTUDISC_PROBE = 3;
    public const int IPPROTO_IPV6 = 41;
    public const int IPV6_MTU_DISCOVER = 23;
    public const int IPV6_PMTUDISC_PROBE = 3;
    public const int IPV6_DONTFRAG = 62;

    public const ushort BPF_LD_W_ABS = 0x20;
    public const ushort BPF_LD_H_ABS = 0x28;
    public const ushort BPF_LD_B_ABS = 0x30;
    public const ushort BPF_JMP_JA = 0x05;
    public const ushort BPF_JMP_JEQ_K = 0x15;
    public const ushort BPF_JMP_JSET_K = 0x45;
    public const ushort BPF_ALU_AND_K = 0x54;
    public const ushort BPF_RET_K = 0x06;
    public const uint SKF_AD_VLAN_TAG = 0xFFFF_F02C;
    public const uint SKF_AD_VLAN_TAG_PRESENT = 0xFFFF_F030;
}
