using System.Net;
using ExpEther.Ethernet.Frames;
using ExpEther.Link.Ethernet;
using ExpEther.Linux;
using ExpEther.Linux.Sockets;

namespace ExpEther.Ethernet.Ports;

/// <summary>
/// Frames over UDP, for routed networks and for processes without the right to raw sockets. One datagram is one whole frame, tag
/// inline, no FCS.
/// <para>
/// Theory. It behaves as a cable to a small switch: a unicast frame goes to the endpoint that its destination MAC last spoke from;
/// broadcasts and unknown destinations go to every configured peer, or, when none is configured, to every endpoint that spoke here.
/// Nothing else is remembered, so a peer behind a changing address is found again by its next frame. Who may speak is not decided
/// here: the link's seal does that.
/// </para>
/// <para>
/// Nothing is fragmented: a frame that the way to its endpoint does not carry is lost, as on a cable with a smaller MTU. So links find out
/// what passes, and the port's own MTU is only the most that it would send or take.
/// </para>
/// </summary>
public sealed class UdpPort : INetworkPort
{
    /// <summary>
    /// The payload that fits a path of jumbo frames, 9000: less IPv6 (40), UDP (8) and the frame's own header (18). More would cost each link
    /// memory for frames that come early, and carry no larger TLP.
    /// </summary>
    public const int DefaultMtuBytes = 9000 - 40 - 8 - EthernetHeader.TaggedBytes;

    /// <summary>The longest payload a datagram holds (IPv4: 65,507 bytes of data).</summary>
    public const int LargestMtuBytes = 65507 - EthernetHeader.TaggedBytes;

    private readonly DatagramSocket _socket;
    private UdpAddress[] _peers;
    private readonly EndpointTable _learned = new();
    private readonly ushort _etherType;
    private readonly byte[] _buffer;
    private bool _isHeld;

    /// <param name="listen">Where to receive; port 0: any free one, see <see cref="Local"/>.</param>
    /// <param name="peers">Who gets broadcasts and frames for addresses not heard yet. Of the same address family as <paramref name="listen"/>.</param>
    /// <param name="mtuBytes">The largest payload; what the way to a peer does not carry is lost.</param>
    /// <param name="etherType">Frames of another one are refused.</param>
    /// <exception cref="PortException">The endpoint is taken or not of this machine; a peer of another address family.</exception>
    public UdpPort(
        IPEndPoint listen,
        IReadOnlyCollection<IPEndPoint>? peers = null,
        int mtuBytes = DefaultMtuBytes,
        ushort etherType = EthernetHeader.ExpEtherType)
    {
        Check.That(mtuBytes is > 0 and <= LargestMtuBytes);
        MtuBytes = mtuBytes;
        _etherType = etherType;
        _peers = AddressesOf(peers ?? [], listen);

        // One byte more than a frame may have: a longer datagram shows itself by filling it.
        _buffer = new byte[EthernetHeader.TaggedBytes + mtuBytes + 1];
        try
        {
            _socket = new DatagramSocket(listen);
        }
        catch (LinuxException e)
        {
            throw new PortException($"cannot listen on UDP {listen}: {e.Message}", e);
        }

        Local = _socket.Local;
        Name = $"udp {Local}";
    }

    public string Name { get; }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Local { get; }

    public int MtuBytes { get; }

    public int PollFileDescriptor => _socket.FileDescriptor;

    public PortCounters Counters { get; } = new();

    /// <summary>Always: UDP has no carrier.</summary>
    public bool IsUp => true;

    /// <inheritdoc/>
    public bool TryReceive(out ReceivedFrame frame)
    {
        Check.That(!_isHeld);
        while (_socket.TryReceive(_buffer, out var bytes, out var from))
        {
            var datagram = _buffer.AsSpan(0, Math.Min(bytes, _buffer.Length));
            if (EthernetHeader.TryParse(datagram, out var header)
                && header.EtherType == _etherType
                && header.Vlan.Value <= VlanId.Max
                && datagram.Length - header.Bytes <= MtuBytes)
            {
                _learned.Learn(header.Source, from);
                Counters.FramesReceived++;
                Counters.BytesReceived += bytes;
                frame = new ReceivedFrame(header.Destination, header.Source, header.Vlan, datagram[header.Bytes..]);
                _isHeld = true;
                return true;
            }

            Counters.ReceiveRefused++;
        }

        frame = default;
        return false;
    }

    /// <inheritdoc/>
    public void Release()
    {
        Check.That(_isHeld);
        _isHeld = false;
    }

    /// <inheritdoc/>
    public bool TrySend(ReadOnlySpan<byte> frame)
    {
        Check.That(frame.Length >= EthernetHeader.UntaggedBytes);
        var destination = MacAddress.Read(frame);
        if (!destination.IsMulticast && _learned.TryFind(destination, out var endpoint))
        {
            return Send(frame, endpoint);
        }

        // The copies of a flood are one frame to the caller: it is told "no room" only when none went.
        var targets = _peers.Length > 0 ? _peers : _learned.Distinct;
        var went = targets.Length == 0;
        foreach (var target in targets)
        {
            went |= Send(frame, target);
        }

        return went;
    }

    /// <inheritdoc/>
    public bool Refresh()
    {
        _ = _socket.TakeError();
        return false;
    }

    /// <summary>UDP lets everything in: the bridges drop what is not theirs.</summary>
    public void ChangeReception(IReadOnlyCollection<MacAddress> macs, IReadOnlyCollection<VlanId> vlans)
    {
    }

    /// <summary>Sends broadcasts and frames for unknown addresses to others from now on. What was heard from whom stays known.</summary>
    /// <exception cref="PortException">A peer of another address family; all is as it was.</exception>
    public void ChangePeers(IReadOnlyCollection<IPEndPoint> peers) => _peers = AddressesOf(peers, Local);

    public void Dispose() => _socket.Dispose();

    private static UdpAddress[] AddressesOf(IReadOnlyCollection<IPEndPoint> peers, IPEndPoint local)
    {
        Check.That(peers.Count <= EthernetLimits.UdpPeersMax);
        return peers.FirstOrDefault(p => p.AddressFamily != local.AddressFamily) is { } foreign
            ? throw new PortException($"UDP peer {foreign} and the endpoint listened on, {local}, must both be IPv4 or both be IPv6")
            : [.. peers.Select(UdpAddress.Of)];
    }

    private bool Send(ReadOnlySpan<byte> frame, UdpAddress to)
    {
        switch (_socket.TrySend(frame, to))
        {
            case SendStatus.Sent:
                Counters.FramesSent++;
                Counters.BytesSent += frame.Length;
                return true;
            case SendStatus.Full:
                Counters.SendFull++;
                return false;
            default:
                Counters.SendLost++;
                return true;
        }
    }
}
