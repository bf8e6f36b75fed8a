using System.Net;
using ExpEther.Linux.Native;

namespace ExpEther.Linux.Sockets;

/// <summary>
/// A bound UDP socket, nonblocking, that allocates nothing per datagram. Datagrams are never fragmented: one that is longer
/// than the interface carries is not sent (<see cref="SendStatus.TooLong"/>), one that is longer than the path's MTU is lost there.
/// </summary>
public sealed unsafe class DatagramSocket : IDisposable
{
    private const int ReceiveBufferBytes = 1 << 25;
    private const int SendBufferBytes = 1 << 22;

    private int _fd;

    /// <exception cref="LinuxException">EADDRINUSE, EADDRNOTAVAIL, EACCES (a port below 1024).</exception>
    public DatagramSocket(IPEndPoint listen)
    {
        var local = UdpAddress.Of(listen);
        _fd = Libc.socket(
            local.IsIPv6 ? SocketConstants.AF_INET6 : SocketConstants.AF_INET,
            SocketConstants.SOCK_DGRAM | SocketConstants.SOCK_NONBLOCK | SocketConstants.SOCK_CLOEXEC, 0);
        if (_fd < 0)
        {
            throw LinuxException.Last("socket SOCK_DGRAM");
        }

        SocketBuffers.SetReceive(_fd, ReceiveBufferBytes);
        SocketBuffers.SetSend(_fd, SendBufferBytes);
        ForbidFragments(local.IsIPv6);
        var length = local.Write(out var address);
        if (Libc.bind(_fd, &address, length) < 0)
        {
            var failure = LinuxException.Last($"bind UDP {listen}");
            Dispose();
            throw failure;
        }
    }

    /// <summary>To poll; belongs to this object.</summary>
    public int FileDescriptor => _fd;

    /// <summary>Where it listens; the port that the kernel chose for port 0.</summary>
    public IPEndPoint Local
    {
        get
        {
            SockAddrIn address;
            var length = (uint)sizeof(SockAddrIn);
            return Libc.getsockname(_fd, &address, &length) == 0
                ? UdpAddress.From(address).ToEndPoint()
                : throw LinuxException.Last("getsockname");
        }
    }

    /// <summary>Takes the next datagram. <paramref name="bytes"/> is its true length; one longer than <paramref name="into"/> is cut.</summary>
    public bool TryReceive(Span<byte> into, out int bytes, out UdpAddress from)
    {
        SockAddrIn address;
        var length = (uint)sizeof(SockAddrIn);
        nint received;
        fixed (byte* buffer = into)
        {
            received = Libc.recvfrom(_fd, buffer, (nuint)into.Length, SocketConstants.MSG_TRUNC, &address, &length);
        }

        if (received < 0)
        {
            (bytes, from) = (0, default);
            return false;
        }

        (bytes, from) = ((int)received, UdpAddress.From(address));
        return true;
    }

    public SendStatus TrySend(ReadOnlySpan<byte> datagram, UdpAddress to)
    {
        var length = to.Write(out var address);
        fixed (byte* buffer = datagram)
        {
            return Libc.sendto(_fd, buffer, (nuint)datagram.Length, SocketConstants.MSG_DONTWAIT, &address, length) >= 0
                ? SendStatus.Sent
                : SendErrors.Status(Libc.LastError);
        }
    }

    /// <summary>Takes the error that makes poll(2) say Error; None without one.</summary>
    public Errno TakeError() => SocketBuffers.TakeError(_fd);

    public void Dispose()
    {
        var fd = Interlocked.Exchange(ref _fd, -1);
        if (fd >= 0)
        {
            _ = Libc.close(fd);
        }
    }

    /// <summary>ip(7), ipv6(7): DF on every datagram, and the kernel's own guess at the path's MTU left aside: the link finds it.</summary>
    private void ForbidFragments(bool isIPv6)
    {
        if (isIPv6)
        {
            Set(PacketConstants.IPPROTO_IPV6, PacketConstants.IPV6_MTU_DISCOVER, PacketConstants.IPV6_PMTUDISC_PROBE);
            Set(PacketConstants.IPPROTO_IPV6, PacketConstants.IPV6_DONTFRAG, 1);
        }
        else
        {
            Set(PacketConstants.IPPROTO_IP, PacketConstants.IP_MTU_DISCOVER, PacketConstants.IP_PMTUDISC_PROBE);
        }
    }

    private void Set(int level, int option, int value)
    {
        if (Libc.setsockopt(_fd, level, option, &value, sizeof(int)) < 0)
        {
            var failure = LinuxException.Last($"setsockopt {level}, {option}");
            Dispose();
            throw failure;
        }
    }
}
