using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using ExpEther.Linux.Native;

namespace ExpEther.Linux.Sockets;

/// <summary>An IPv4 or IPv6 address and port as a value: compared, copied and used as a key without allocating.</summary>
/// <param name="High">IPv6: octets 0 to 7; IPv4: 0.</param>
/// <param name="Low">IPv6: octets 8 to 15; IPv4: the address in the low 32 bits.</param>
/// <param name="ScopeId">IPv6 link-local: the interface.</param>
/// <param name="Port">Host order.</param>
/// <param name="IsIPv6">The family.</param>
public readonly record struct UdpAddress(ulong High, ulong Low, uint ScopeId, ushort Port, bool IsIPv6)
{
    public static UdpAddress Of(IPEndPoint endpoint)
    {
        var address = endpoint.Address.GetAddressBytes();
        return endpoint.AddressFamily == AddressFamily.InterNetworkV6
            ? new UdpAddress(
                BinaryPrimitives.ReadUInt64BigEndian(address), BinaryPrimitives.ReadUInt64BigEndian(address.AsSpan(8)),
                (uint)endpoint.Address.ScopeId, (ushort)endpoint.Port, true)
            : new UdpAddress(0, BinaryPrimitives.ReadUInt32BigEndian(address), 0, (ushort)endpoint.Port, false);
    }

    public IPEndPoint ToEndPoint()
    {
        if (!IsIPv6)
        {
            Span<byte> four = stackalloc byte[4];
            BinaryPrimitives.WriteUInt32BigEndian(four, (uint)Low);
            return new IPEndPoint(new IPAddress(four), Port);
        }

        Span<byte> sixteen = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(sixteen, High);
        BinaryPrimitives.WriteUInt64BigEndian(sixteen[8..], Low);
        return new IPEndPoint(new IPAddress(sixteen, ScopeId), Port);
    }

    public override string ToString() => ToEndPoint().ToString();

    internal static unsafe UdpAddress From(in SockAddrIn from)
    {
        var port = BinaryPrimitives.ReverseEndianness(from.Port);
        fixed (SockAddrIn* p = &from)
        {
            return from.Family == SocketConstants.AF_INET6
                ? new UdpAddress(
                    BinaryPrimitives.ReadUInt64BigEndian(new ReadOnlySpan<byte>(p->Address6, 8)),
                    BinaryPrimitives.ReadUInt64BigEndian(new ReadOnlySpan<byte>(p->Address6 + 8, 8)),
                    from.ScopeId, port, true)
                : new UdpAddress(0, BinaryPrimitives.ReadUInt32BigEndian(new ReadOnlySpan<byte>(p->Address4, 4)), 0, port, false);
        }
    }

    /// <summary>Fills the C form. Returns its length in bytes.</summary>
    internal unsafe uint Write(out SockAddrIn into)
    {
        into = default;
        into.Port = BinaryPrimitives.ReverseEndianness(Port);
        if (!IsIPv6)
        {
            into.Family = SocketConstants.AF_INET;
            BinaryPrimitives.WriteUInt32BigEndian(MemoryMarshal.CreateSpan(ref into.Address4[0], 4), (uint)Low);
            return SockAddrIn.Bytes4;
        }

        into.Family = SocketConstants.AF_INET6;
        BinaryPrimitives.WriteUInt64BigEndian(MemoryMarshal.CreateSpan(ref into.Address6[0], 8), High);
        BinaryPrimitives.WriteUInt64BigEndian(MemoryMarshal.CreateSpan(ref into.Address6[8], 8), Low);
        into.ScopeId = ScopeId;
        return SockAddrIn.Bytes6;
    }
}
