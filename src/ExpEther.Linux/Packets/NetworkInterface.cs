using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using ExpEther.Linux.Native;

namespace ExpEther.Linux.Packets;

/// <summary>What the kernel tells about a network interface of this process's network namespace (netdevice(7)).</summary>
/// <param name="Name">At most 15 bytes.</param>
/// <param name="Index">Its number; a new one after it was removed and made again.</param>
/// <param name="MtuBytes">The largest payload after the EtherType.</param>
/// <param name="HardwareAddress">Its MAC: octet 0 in bits 47:40; 0 for one that has none.</param>
/// <param name="IsEthernet">Its frames begin with an Ethernet header: network cards, veth, bridges and <c>lo</c>, not tunnels.</param>
public sealed record NetworkInterface(string Name, int Index, int MtuBytes, ulong HardwareAddress, bool IsEthernet)
{
    private const int AddressBytes = 6;

    /// <summary>Looks an interface up; null when there is none of that name.</summary>
    public static unsafe NetworkInterface? Find(string name)
    {
        var index = (int)Libc.if_nametoindex(name);
        if (index == 0)
        {
            return null;
        }

        var request = RequestFor(name);
        if (!Ask(PacketConstants.SIOCGIFMTU, ref request))
        {
            return null;
        }

        var mtu = request.Mtu;
        request = RequestFor(name);
        if (!Ask(PacketConstants.SIOCGIFHWADDR, ref request))
        {
            return null;
        }

        Span<byte> address = stackalloc byte[sizeof(ulong)];
        new ReadOnlySpan<byte>(request.HardwareAddress, AddressBytes).CopyTo(address[2..]);
        var isEthernet = request.HardwareType is PacketConstants.ARPHRD_ETHER or PacketConstants.ARPHRD_LOOPBACK;
        return new NetworkInterface(name, index, mtu, BinaryPrimitives.ReadUInt64BigEndian(address), isEthernet);
    }

    /// <summary>Whether the interface of that name and number exists and is up with a carrier.</summary>
    public static bool IsUp(string name, int index)
    {
        const short Needed = PacketConstants.IFF_UP | PacketConstants.IFF_RUNNING;
        var request = RequestFor(name);
        return Libc.if_nametoindex(name) == (uint)index && Ask(PacketConstants.SIOCGIFFLAGS, ref request) && (request.Flags & Needed) == Needed;
    }

    /// <summary>The names of all interfaces of this namespace, sorted.</summary>
    public static IReadOnlyList<string> Names() =>
        [.. System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces().Select(i => i.Name).Order(StringComparer.Ordinal)];

    private static unsafe InterfaceRequest RequestFor(string name)
    {
        var request = default(InterfaceRequest);
        if (Encoding.UTF8.GetByteCount(name) < InterfaceRequest.NameBytes)
        {
            Encoding.UTF8.GetBytes(name, MemoryMarshal.CreateSpan(ref request.Name[0], InterfaceRequest.NameBytes));
        }

        return request;
    }

    private static unsafe bool Ask(uint what, ref InterfaceRequest request)
    {
        var fd = Libc.socket(SocketConstants.AF_UNIX, SocketConstants.SOCK_DGRAM | SocketConstants.SOCK_CLOEXEC, 0);
        if (fd < 0)
        {
            throw LinuxException.Last("socket AF_UNIX");
        }

        fixed (InterfaceRequest* argument = &request)
        {
            var ok = Libc.ioctl(fd, what, argument) == 0;
            _ = Libc.close(fd);
            return ok;
        }
    }
}
