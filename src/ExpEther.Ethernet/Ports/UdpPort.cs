using System.Net;
using ExpEther.Core.Time;
using ExpEther.Ethernet.Frames;
using ExpEther.Link.Ethernet;
using ExpEther.Linux;
using ExpEther.Linux.Sockets;
using ExpEther.Linux.Time;

namespace ExpEther.Ethernet.Ports;

/// <summary>
/// Frames over UDP, for routed networks and for processes without the right to raw sockets. One datagram is one whole frame, tag
/// inline, no FCS.
/// <para>
/// Theory. It behaves as a cable to a small switch: a unicast frame goes to the endpoint of its destination MAC; broadcasts go to every
/// configured peer, or, when none is configured, to every endpoint that is known. Who may speak is not decided here: the link's seal does
/// that, and tells by <see cref="Confirm"/> what it found. An endpoint moves only by a frame that is proven; as long as nothing is, a frame goes
/// to the configured peers and to the few endpoints that claim the MAC (<see cref="EndpointTable"/>). So forged datagrams move nothing that
/// works, and a peer behind a changing address is found again by its next frame.
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
    private readonly EndpointTable _endpoints;
    private readonly bool _hasProof;
    private readonly Func<Instant> _clock;
    private readonly ushort _etherType;
    private readonly byte[] _buffer;
    private MacAddress _heldDestination;
    private MacAddress _heldSource;
    private UdpAddress _heldFrom;
    private FrameTrust _heldTrust;
    private int _heldBytes;
    private bool _isHeld;

    /// <param name="listen">Where to receive; port 0: any free one, see <see cref="Local"/>.</param>
    /// <param name="peers">Who gets broadcasts and frames for addresses not heard yet. Of the same address family as <paramref name="listen"/>.</param>
    /// <param name="mtuBytes">The largest payload; what the way to a peer does not carry is lost.</param>
    /// <param name="etherType">Frames of another one are refused.</param>
    /// <param name="hasProof">Whether <see cref="Confirm"/> will tell what is authentic. False: as a switch's port, whose frames nobody here can check.</param>
    /// <param name="clock">The time; null: the machine's.</param>
    /// <exception cref="PortException">The endpoint is taken or not of this machine; a peer of another address family.</exception>
    public UdpPort(
        IPEndPoint listen,
        IReadOnlyCollection<IPEndPoint>? peers = null,
        int mtuBytes = DefaultMtuBytes,
        ushort etherType = EthernetHeader.ExpEtherType,
        bool hasProof = false,
        Func<Instant>? clock = null)
    {
        Check.That(mtuBytes is > 0 and <= LargestMtuBytes);
        MtuBytes = mtuBytes;
        _etherType = etherType;
        _hasProof = hasProof;
        _endpoints = new EndpointTable(hasProof);
        _clock = clock ?? (() => MonotonicClock.Now);
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
                (_heldDestination, _heldSource, _heldFrom, _heldTrust, _heldBytes) =
                    (header.Destination, header.Source, from, FrameTrust.None, bytes);
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
    public void Confirm(FrameTrust trust)
    {
        Check.That(_isHeld);
        _heldTrust = trust;
    }

    /// <inheritdoc/>
    public void Release()
    {
        Check.That(_isHeld);
        _isHeld = false;

        // Where links prove, the one unproven frame that is of use is an announcement: it tells where to ask for a link.
        if (!_hasProof || _heldTrust != FrameTrust.None || _heldDestination.IsMulticast)
        {
            _endpoints.Hear(_heldSource, _heldFrom, _heldTrust, _heldBytes, _clock());
            Counters.EndpointMoves = _endpoints.Moves;
            Counters.EndpointMovesRefused = _endpoints.MovesRefused;
        }
    }

    /// <inheritdoc/>
    public bool TrySend(ReadOnlySpan<byte> frame)
    {
        Check.That(frame.Length >= EthernetHeader.UntaggedBytes);
        var destination = MacAddress.Read(frame);
        var isSure = false;
        ReadOnlySpan<UdpAddress> known = default;
        if (!destination.IsMulticast)
        {
            known = _endpoints.Find(destination, _clock(), out isSure);
            if (isSure && known.Length == 1)
            {
                if (_endpoints.TryTakeOwed(destination, frame.Length, out var claimant))
                {
                    _ = Send(frame, claimant);
                }

                return Send(frame, known[0]);
            }
        }
        else if (_peers.Length == 0)
        {
            known = _endpoints.Distinct(_clock());
        }

        if (known.IsEmpty && _peers.Length == 0)
        {
            known = _endpoints.Distinct(_clock());
        }

        // The copies of a flood are one frame to the caller: it is told "no room" only when none went.
        var went = known.Length + _peers.Length == 0;
        foreach (var target in _peers)
        {
            went |= Send(frame, target);
        }

        foreach (var target in known)
        {
            went |= !_peers.Contains(target) && Send(frame, target);
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
