using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary><c>struct ifreq</c>, net/if.h: a name and a union, of which the integer, the flags and the hardware address are used.</summary>
[StructLayout(LayoutKind.Explicit, Size = 40)]
internal unsafe struct InterfaceRequest
{
    public const int NameBytes = 16;

    [FieldOffset(0)]
    public fixed byte Name[NameBytes];

    [FieldOffset(16)]
    public int Mtu;

    [FieldOffset(16)]
    public short Flags;

    /// <summary><c>sa_family</c> of the hardware address: its ARPHRD_ type, net/if_arp.h.</summary>
    [FieldOffset(16)]
    public ushort HardwareType;

    /// <summary>After <c>sa_family</c> of the hardware address.</summary>
    [FieldOffset(18)]
    public fixed byte HardwareAddress[6];
}
