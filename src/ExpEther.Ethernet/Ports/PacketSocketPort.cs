using ExpEther.Core.Time;
using ExpEther.Ethernet.Frames;
using ExpEther.Link.Ethernet;
using ExpEther.Linux;
using ExpEther.Linux.Packets;
using ExpEther.Linux.Sockets;
using ExpEther.Linux.Time;

namespace ExpEther.Ethernet.Ports;

/// <summary>
/// Frames of one EtherType on a network interface, by a packet socket. A received frame is handed out where the kernel put it; the
/// ring slot is ours until <see cref="Release"/>. An interface that goes down or away makes the port deaf and its frames lost, never
/// an exception; it works again when the same interface comes up again.
/// <para>
/// ENOBUFS means either that a queue behind the interface is full for now, or that what is behind it never takes such a frame: a veth says so
/// of frames that its other end's MTU does not allow. So a frame is refused as long as it may be the former, then it is lost: nothing waits
/// behind it for ever.
/// </para>
/// </summary>
public sealed class PacketSocketPort : INetworkPort
{
    private readonly PacketSocket _socket;
    private readonly int _index;
    private readonly ushort _etherType;
    private bool _isHeld;
    private Instant _refusedSince = Instant.Never;

    /// <param name="interfaceName">Of this process's network namespace.</param>
    /// <param name="macs">The local addresses; group addresses come in besides. Empty or null: all frames (a switch's port; promiscuous).</param>
    /// <param name="vlans">Which VLANs come in, <see cref="VlanId.None"/> for untagged. Empty or null: all.</param>
    /// <param name="etherType">Of received frames, after the tag.</param>
    /// <param name="peers">How many may send at once: so much room the receive ring has.</param>
    /// <exception cref="PortException">No such interface, one without Ethernet frames, or no right to open a packet socket.</exception>
    public PacketSocketPort(
        string interfaceName,
        IReadOnlyCollection<MacAddress>? macs = null,
        IReadOnlyCollection<VlanId>? vlans = null,
        ushort etherType = EthernetHeader.ExpEtherType,
        int peers = 1)
    {
        Check.That((macs?.Count ?? 0) <= EthernetLimits.LocalMacsMax && (vlans?.Count ?? 0) <= EthernetLimits.FilterVlansMax);
        var found = NetworkInterface.Find(interfaceName)
            ?? throw new PortException(
                $"there is no network interface '{interfaceName}' in this network namespace; there are: {string.Join(", ", NetworkInterface.Names())}");
        if (!found.IsEthernet)
        {
            throw new PortException(
                $"interface '{interfaceName}' carries no Ethernet frames (it is a tunnel, or another kind of network): name an Ethernet interface, "
                + "or use UDP over it ([port] kind = \"udp\" with listen and peers; at a switch NAME,udp=ADDRESS:PORT)");
        }

        Name = interfaceName;
        MtuBytes = Math.Min(found.MtuBytes, EthernetLimits.MtuBytesMax);
        _index = found.Index;
        _etherType = etherType;
        ulong[] addresses = [.. (macs ?? []).Select(m => m.Value)];
        _socket = Open(interfaceName, found.Index, MtuBytes, FilterOf(vlans ?? [], addresses), addresses, peers);
        IsUp = NetworkInterface.IsUp(Name, _index);
    }

    public string Name { get; }

    public int MtuBytes { get; }

    public int PollFileDescriptor => _socket.FileDescriptor;

    public PortCounters Counters { get; } = new();

    public bool IsUp { get; private set; }

    /// <inheritdoc/>
    public bool TryReceive(out ReceivedFrame frame)
    {
        Check.That(!_isHeld);
        while (_socket.TryReceive(out var slot))
        {
            if (slot.IsWhole
                && slot.Vid <= VlanId.Max
                && EthernetHeader.TryParse(slot.Bytes, out var header)
                && header.EtherType == _etherType
                && header.Bytes == EthernetHeader.UntaggedBytes)
            {
                Counters.FramesReceived++;
                Counters.BytesReceived += slot.Bytes.Length + (slot.Vid == 0 ? 0 : EthernetHeader.TagBytes);
                frame = new ReceivedFrame(header.Destination, header.Source, new VlanId(slot.Vid), slot.Bytes[header.Bytes..]);
                _isHeld = true;
                return true;
            }

            Counters.ReceiveRefused++;
            _socket.Release();
        }

        frame = default;
        return false;
    }

    /// <inheritdoc/>
    public void Release()
    {
        Check.That(_isHeld);
        _isHeld = false;
        _socket.Release();
    }

    /// <inheritdoc/>
    public bool TrySend(ReadOnlySpan<byte> frame)
    {
        switch (_socket.TrySend(frame))
        {
            case SendStatus.Sent:
                _refusedSince = Instant.Never;
                Counters.FramesSent++;
                Counters.BytesSent += frame.Length;
                return true;
            case SendStatus.Full when !IsOutOfPatience():
                Counters.SendFull++;
                return false;
            default:
                _refusedSince = Instant.Never;
                Counters.SendLost++;
                return true;
        }
    }

    /// <inheritdoc/>
    public bool Refresh()
    {
        _ = _socket.TakeError();
        Counters.ReceiveOverruns += _socket.TakeDrops();
        var isUp = NetworkInterface.IsUp(Name, _index);
        if (isUp == IsUp)
        {
            return false;
        }

        IsUp = isUp;
        Counters.WentDown += isUp ? 0 : 1;
        return true;
    }

    /// <inheritdoc/>
    public void ChangeReception(IReadOnlyCollection<MacAddress> macs, IReadOnlyCollection<VlanId> vlans)
    {
        Check.That(macs.Count is > 0 and <= EthernetLimits.LocalMacsMax && vlans.Count <= EthernetLimits.FilterVlansMax);
        ulong[] addresses = [.. macs.Select(m => m.Value)];
        try
        {
            _socket.Change(FilterOf(vlans, addresses), addresses);
        }
        catch (LinuxException e)
        {
            throw new PortException($"the packet socket on '{Name}' cannot take other addresses: {e.Message}", e);
        }
    }

    public void Dispose() => _socket.Dispose();

    private bool IsOutOfPatience()
    {
        var now = MonotonicClock.Now;
        _refusedSince = Instant.Min(_refusedSince, now);
        return now - _refusedSince >= TimeSpan.FromMilliseconds(EthernetLimits.SendPatienceMsMax);
    }

    private PacketFilter FilterOf(IReadOnlyCollection<VlanId> vlans, ulong[] addresses) => new(_etherType, [.. vlans.Select(v => v.Value)], addresses);

    private static PacketSocket Open(string name, int index, int mtuBytes, PacketFilter filter, ulong[] addresses, int peers)
    {
        try
        {
            return PacketSocket.Open(index, mtuBytes + EthernetHeader.UntaggedBytes, filter, addresses, peers);
        }
        catch (LinuxException e) when (e.Error is Errno.EPERM or Errno.EACCES)
        {
            throw new PortException(
                $"a packet socket on '{name}' needs the capability CAP_NET_RAW: run as root, or 'setcap cap_net_raw+ep' the executable, "
                + "or run inside 'unshare -Urn'; or use UDP instead, which needs no capability "
                + "([port] kind = \"udp\" with listen and peers; at a switch NAME,udp=ADDRESS:PORT)", e);
        }
        catch (LinuxException e)
        {
            throw new PortException($"the packet socket on '{name}' cannot be opened: {e.Message}", e);
        }
    }
}
