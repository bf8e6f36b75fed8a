using System.Buffers.Binary;
using System.Numerics;
using ExpEther.Linux.Native;
using ExpEther.Linux.Sockets;

namespace ExpEther.Linux.Packets;

/// <summary>
/// An AF_PACKET socket with a TPACKET_V2 receive ring mapped into the process, and plain send(2) (packet(7)): the fastest of what was
/// measured for small frames. One frame per slot; a slot belongs to the kernel until it sets TP_STATUS_USER, then to us until we set
/// it back. The ring is read in order, so one index is the whole state.
/// </summary>
public sealed unsafe class PacketSocket : IDisposable
{
    private const int BlockBytes = 1 << 18;
    private const int RingBytesMin = 1 << 22;
    private const int RingBytesMax = 1 << 25;
    private const int RingBytesPerPeer = 1 << 21;
    private const int SlotsMax = 16384;
    private const int SlotHeadroomBytes = 128;
    private const int SendBufferBytes = 1 << 22;
    private const ushort TagProtocol = 0x8100;
    private const ushort VidMask = 0xFFF;

    private readonly uint _slotBytes;
    private readonly uint _slots;
    private readonly nuint _ringBytes;
    private readonly HashSet<ulong> _joined = [];
    private byte* _ring;
    private uint _next;
    private int _interfaceIndex;
    private int _fd;

    private PacketSocket(int fd, int frameBytesMax, int peers)
    {
        _fd = fd;

        // Slots and blocks are powers of two, so that slots lie one after another across block borders.
        _slotBytes = BitOperations.RoundUpToPowerOf2((uint)(frameBytesMax + SlotHeadroomBytes));
        // Each peer may have a window of frames on its way while we are not on a core; what finds no slot is lost. Not more than that: a ring
        // is walked from end to end, and a small one stays in the cache.
        _slots = Math.Min(SlotsMax, (uint)Math.Clamp((long)peers * RingBytesPerPeer, RingBytesMin, RingBytesMax) / _slotBytes);
        _ringBytes = (nuint)_slots * _slotBytes;
    }

    /// <summary>Readable while a frame waits; Error when the interface went down or away.</summary>
    public int FileDescriptor => _fd;

    public int RingSlots => (int)_slots;

    /// <summary>Opens, filters, maps and binds, in this order: no frame that the filter refuses is ever in the ring.</summary>
    /// <param name="interfaceIndex">Of this namespace.</param>
    /// <param name="frameBytesMax">The longest frame with header, without tag.</param>
    /// <param name="filter">Which frames.</param>
    /// <param name="addresses">Unicast addresses that the network card must let in besides its own; empty: promiscuous.</param>
    /// <param name="peers">How many may send at once.</param>
    /// <exception cref="LinuxException">EPERM: no CAP_NET_RAW. ENODEV, ENETDOWN: the interface.</exception>
    public static PacketSocket Open(int interfaceIndex, int frameBytesMax, PacketFilter filter, IReadOnlyCollection<ulong> addresses, int peers = 1)
    {
        // Protocol 0: receives nothing until bind(2) names one.
        var fd = Libc.socket(
            SocketConstants.AF_PACKET, SocketConstants.SOCK_RAW | SocketConstants.SOCK_NONBLOCK | SocketConstants.SOCK_CLOEXEC, 0);
        if (fd < 0)
        {
            throw LinuxException.Last("socket AF_PACKET");
        }

        var socket = new PacketSocket(fd, frameBytesMax, peers);
        try
        {
            socket.SetFilter(filter);
            socket.SetOption(PacketConstants.PACKET_IGNORE_OUTGOING, 1, "PACKET_IGNORE_OUTGOING");
            socket.SetOption(PacketConstants.PACKET_VERSION, PacketConstants.TPACKET_V2, "PACKET_VERSION");
            SocketBuffers.SetSend(fd, SendBufferBytes);
            socket.MapRing();
            socket.Bind(interfaceIndex);
            socket.LetIn(addresses);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Lets other frames in from now on: new addresses join, then the filter takes the old one's place at once (socket(7)), then addresses
    /// leave. Frames that both filters let in are in the ring throughout. A socket opened for all addresses keeps letting all in.
    /// </summary>
    /// <param name="filter">Which frames.</param>
    /// <param name="addresses">As at <see cref="Open"/>.</param>
    /// <exception cref="LinuxException">No memory, or the interface has gone; the old filter holds.</exception>
    public void Change(PacketFilter filter, IReadOnlyCollection<ulong> addresses)
    {
        if (_joined.Count > 0)
        {
            LetIn(addresses);
        }

        SetFilter(filter);
        foreach (var mac in _joined.Except(addresses).ToList())
        {
            // Of an interface that has gone the kernel has dropped it already.
            _ = TrySetMembership(PacketConstants.PACKET_DROP_MEMBERSHIP, Membership(mac));
            _joined.Remove(mac);
        }
    }

    /// <summary>The oldest frame in the ring; the same one until <see cref="Release"/>.</summary>
    public bool TryReceive(out PacketFrame frame)
    {
        // SAFETY: the slot is ours while its status has TP_STATUS_USER, until Release() gives it back.
        var header = Slot;
        var status = Volatile.Read(ref header->Status);
        if ((status & PacketConstants.TP_STATUS_USER) == 0)
        {
            frame = default;
            return false;
        }

        var bytes = new ReadOnlySpan<byte>((byte*)header + header->Mac, (int)header->SnapLength);
        frame = new PacketFrame(bytes, header->SnapLength == header->Length, Vid(status, header));
        return true;
    }

    /// <summary>Gives the slot of the last frame back to the kernel.</summary>
    public void Release()
    {
        var header = Slot;
        Check.That((header->Status & PacketConstants.TP_STATUS_USER) != 0);
        Volatile.Write(ref header->Status, PacketConstants.TP_STATUS_KERNEL);
        _next = _next + 1 == _slots ? 0 : _next + 1;
    }

    /// <summary>Sends a whole frame, tag inline.</summary>
    public SendStatus TrySend(ReadOnlySpan<byte> frame)
    {
        fixed (byte* bytes = frame)
        {
            if (Libc.send(_fd, bytes, (nuint)frame.Length, SocketConstants.MSG_DONTWAIT) >= 0)
            {
                return SendStatus.Sent;
            }
        }

        return SendErrors.Status(Libc.LastError);
    }

    /// <summary>Frames the kernel could not put into the ring, since the last call.</summary>
    public uint TakeDrops()
    {
        TpacketStats stats;
        var length = (uint)sizeof(TpacketStats);
        return Libc.getsockopt(_fd, PacketConstants.SOL_PACKET, PacketConstants.PACKET_STATISTICS, &stats, &length) == 0 ? stats.Drops : 0;
    }

    /// <summary>Takes the error that makes poll(2) say Error (ENETDOWN: the interface went down or away); None without one.</summary>
    public Errno TakeError() => SocketBuffers.TakeError(_fd);

    public void Dispose()
    {
        var fd = Interlocked.Exchange(ref _fd, -1);
        if (fd < 0)
        {
            return;
        }

        if (_ring != null)
        {
            _ = Libc.munmap(_ring, _ringBytes);
            _ring = null;
        }

        _ = Libc.close(fd);
    }

    private Tpacket2Header* Slot => (Tpacket2Header*)(_ring + ((nuint)_next * _slotBytes));

    private static ushort Vid(uint status, Tpacket2Header* header)
    {
        if ((status & PacketConstants.TP_STATUS_VLAN_VALID) == 0)
        {
            return 0;
        }

        // A tag of another protocol (802.1ad) is not one of our VLANs: no port carries VID 4095.
        var isForeign = (status & PacketConstants.TP_STATUS_VLAN_TPID_VALID) != 0 && header->VlanTpid != TagProtocol;
        return isForeign ? VidMask : (ushort)(header->VlanTci & VidMask);
    }

    private void SetOption(int option, int value, string name)
    {
        if (Libc.setsockopt(_fd, PacketConstants.SOL_PACKET, option, &value, sizeof(int)) < 0)
        {
            throw LinuxException.Last($"setsockopt {name}");
        }
    }

    private void SetFilter(PacketFilter filter)
    {
        fixed (SockFilter* instructions = filter.Program)
        {
            var program = new SockFilterProgram { Length = (ushort)filter.Program.Length, Instructions = instructions };
            if (Libc.setsockopt(_fd, SocketConstants.SOL_SOCKET, SocketConstants.SO_ATTACH_FILTER, &program, (uint)sizeof(SockFilterProgram)) < 0)
            {
                throw LinuxException.Last("setsockopt SO_ATTACH_FILTER");
            }
        }
    }

    private void MapRing()
    {
        var blockBytes = Math.Max(BlockBytes, _slotBytes);
        var request = new TpacketRequest
        {
            BlockSize = (uint)blockBytes,
            BlockCount = (uint)(_ringBytes / (nuint)blockBytes),
            FrameSize = _slotBytes,
            FrameCount = _slots,
        };
        if (Libc.setsockopt(_fd, PacketConstants.SOL_PACKET, PacketConstants.PACKET_RX_RING, &request, (uint)sizeof(TpacketRequest)) < 0)
        {
            throw LinuxException.Last("setsockopt PACKET_RX_RING");
        }

        var ring = Libc.mmap(
            null, _ringBytes, PacketConstants.PROT_READ | PacketConstants.PROT_WRITE, PacketConstants.MAP_SHARED, _fd, 0);
        if ((nint)ring == -1)
        {
            throw LinuxException.Last("mmap of the receive ring");
        }

        _ring = (byte*)ring;
    }

    private void Bind(int interfaceIndex)
    {
        _interfaceIndex = interfaceIndex;
        var address = new SockAddrLl
        {
            Family = SocketConstants.AF_PACKET,
            Protocol = BinaryPrimitives.ReverseEndianness(PacketConstants.ETH_P_ALL),
            InterfaceIndex = interfaceIndex,
        };
        if (Libc.bind(_fd, &address, (uint)sizeof(SockAddrLl)) < 0)
        {
            throw LinuxException.Last("bind AF_PACKET");
        }
    }

    private void LetIn(IReadOnlyCollection<ulong> addresses)
    {
        if (addresses.Count == 0)
        {
            var all = new PacketMembership { InterfaceIndex = _interfaceIndex, Type = PacketConstants.PACKET_MR_PROMISC };
            if (!TrySetMembership(PacketConstants.PACKET_ADD_MEMBERSHIP, all))
            {
                throw LinuxException.Last("setsockopt PACKET_ADD_MEMBERSHIP");
            }
        }

        foreach (var mac in addresses)
        {
            if (!_joined.Contains(mac))
            {
                if (!TrySetMembership(PacketConstants.PACKET_ADD_MEMBERSHIP, Membership(mac)))
                {
                    throw LinuxException.Last("setsockopt PACKET_ADD_MEMBERSHIP");
                }

                _joined.Add(mac);
            }
        }
    }

    private PacketMembership Membership(ulong mac)
    {
        var membership = new PacketMembership { InterfaceIndex = _interfaceIndex, Type = PacketConstants.PACKET_MR_UNICAST, AddressLength = 6 };
        BinaryPrimitives.WriteUInt64BigEndian(new Span<byte>(membership.Address, sizeof(ulong)), mac << 16);
        return membership;
    }

    private bool TrySetMembership(int option, PacketMembership membership) =>
        Libc.setsockopt(_fd, PacketConstants.SOL_PACKET, option, &membership, (uint)sizeof(PacketMembership)) >= 0;
}
