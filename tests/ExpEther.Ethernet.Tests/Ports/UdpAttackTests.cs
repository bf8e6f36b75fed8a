using System.Net;
using ExpEther.Core.Time;
using ExpEther.Ethernet.Frames;
using ExpEther.Ethernet.Ports;
using ExpEther.Ethernet.Tests.Lab;
using ExpEther.Link;
using ExpEther.Link.Announcements;
using ExpEther.Link.Ethernet;
using ExpEther.Linux.Sockets;
using static ExpEther.Ethernet.Tests.Lab.TestFrames;

namespace ExpEther.Ethernet.Tests.Ports;

/// <summary>Real links over real UDP sockets, in virtual time, beside an attacker who knows all addresses and no key.</summary>
public sealed class UdpAttackTests : IDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    private readonly DatagramSocket _attacker = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly SeededRandom _random = new(7);
    private readonly List<End> _ends = [];
    private Instant _now = Instant.Zero + TimeSpan.FromSeconds(1);

    public UdpAttackTests() => NetworkLab.RequireLoopback();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Forged_datagrams_between_all_genuine_ones_do_not_move_an_endpoint(bool isSealed)
    {
        var (host, box) = Pair(isSealed);
        Until(() => host.IsUp && box.IsUp);
        var epoch = box.Link.Epoch;

        for (var i = 0; i < 500; i++)
        {
            Forge(host, box);
            Forge(box, host);
            host.Say();
            box.Say();
            Turn();
        }

        Until(() => host.Heard == box.Said && box.Heard == host.Said);
        Assert.Equal((epoch, epoch, 0, 0), (box.Link.Epoch, host.Link.Epoch, host.Downs, box.Downs));
        Assert.Equal(0, Caught());
        Assert.Equal(0, host.Port.Counters.EndpointMoves + box.Port.Counters.EndpointMoves);
        Assert.True(box.Port.Counters.EndpointMovesRefused >= 500);
    }

    [Fact]
    public void What_was_recorded_and_comes_from_elsewhere_moves_nothing()
    {
        var (host, box) = Pair(isSealed: true);
        Until(() => host.IsUp && box.IsUp);
        host.Record = [];

        for (var i = 0; i < 100; i++)
        {
            host.Say();
            box.Say();
            Turn();
            foreach (var frame in host.Record.TakeLast(3))
            {
                _attacker.TrySend(frame, UdpAddress.Of(box.Port.Local));
            }
        }

        Until(() => host.Heard == box.Said && box.Heard == host.Said);
        Assert.Equal(0, Caught());
        Assert.Equal(0, box.Port.Counters.EndpointMoves);
    }

    [Fact]
    public void A_peer_that_moves_is_followed_at_its_next_authentic_frame()
    {
        var (host, box) = Pair(isSealed: true);
        Until(() => host.IsUp && box.IsUp);
        var epoch = box.Link.Epoch;

        using var before = host.Port;
        host.Port = Open([box.Port.Local]);
        host.Say();
        Turn();
        box.Say();
        Until(() => host.Heard == box.Said && box.Heard == host.Said);

        Assert.Equal((epoch, 1), (box.Link.Epoch, box.Port.Counters.EndpointMoves));
    }

    [Fact]
    public void A_peer_that_starts_again_elsewhere_while_frames_are_forged_comes_up_within_seconds()
    {
        var (host, box) = Pair(isSealed: true);
        Until(() => host.IsUp && box.IsUp);

        // The host answers only, so its new life depends on finding where the box is now.
        using var gone = host.Port;
        host.Restart(Open([box.Port.Local]), _now);
        var began = _now;
        Until(
            () =>
            {
                Forge(host, box);
                return host.IsUp && box.IsUp && box.Link.Epoch == host.Link.Epoch;
            },
            TimeSpan.FromSeconds(25));
        host.Say();
        box.Say();
        Until(() => host.Heard == box.Said && box.Heard == host.Said);

        Assert.True(_now - began < TimeSpan.FromSeconds(22), $"{_now - began}");
    }

    [Fact]
    public void First_contact_succeeds_beside_a_forger_who_was_there_first()
    {
        var (host, box) = Pair(isSealed: true, isStarted: false);
        for (var i = 0; i < 50; i++)
        {
            Forge(host, box);
            Turn();
        }

        host.Link.Open(_now);
        box.Link.Open(_now);
        Until(
            () =>
            {
                Forge(host, box);
                Forge(box, host);
                return host.IsUp && box.IsUp;
            });
    }

    public void Dispose()
    {
        foreach (var end in _ends)
        {
            end.Dispose();
        }

        _attacker.Dispose();
    }

    private UdpPort Open(IReadOnlyCollection<IPEndPoint> peers) =>
        new(new IPEndPoint(IPAddress.Loopback, 0), peers, 1500, hasProof: true, clock: () => _now);

    /// <summary>A host that knows where the box is, and a box that learns where the host is.</summary>
    private (End Host, End Box) Pair(bool isSealed, bool isStarted = true)
    {
        var box = new End(LinkRole.Initiator, MacB, MacA, isSealed, Open([]), _random);
        var host = new End(LinkRole.Responder, MacA, MacB, isSealed, Open([box.Port.Local]), _random);
        _ends.AddRange([host, box]);
        if (isStarted)
        {
            host.Link.Open(_now);
            box.Link.Open(_now);
        }

        return (host, box);
    }

    private void Turn()
    {
        _now += Step;
        foreach (var end in _ends)
        {
            end.Turn(_now);
        }
    }

    private void Until(Func<bool> isSo, TimeSpan? patience = null)
    {
        var end = _now + (patience ?? TimeSpan.FromSeconds(15));
        while (!isSo())
        {
            Assert.True(_now < end, "it does not come about");
            Turn();
        }
    }

    /// <summary>Frames that name <paramref name="from"/> and come from the attacker: unreadable ones, and an announcement as anybody can make it.</summary>
    private void Forge(End from, End to)
    {
        var at = UdpAddress.Of(to.Port.Local);
        var payload = new byte[64];
        _random.Fill(payload);
        _attacker.TrySend(Make(to.Mac, from.Mac, Vlan10, payload), at);
        var header = from.LastHeader.Length > 0 ? from.LastHeader : payload;
        _attacker.TrySend(Make(to.Mac, from.Mac, Vlan10, header), at);
        var room = new byte[Announcement.BytesMax];
        _attacker.TrySend(room.AsSpan(0, new Announcement(from.Mac, Vlan10, "forged", LinkFeatures.None, 4, true).Write(room)), at);
    }

    /// <summary>Datagrams that went to the attacker.</summary>
    private int Caught()
    {
        var count = 0;
        var buffer = new byte[2000];
        while (_attacker.TryReceive(buffer, out _, out _))
        {
            count++;
        }

        return count;
    }

    private sealed class End : ILinkConsumer, IDisposable
    {
        private readonly Func<EtherLink> _make;
        private readonly byte[] _frame = new byte[2000];
        private readonly byte[] _announcement = new byte[Announcement.BytesMax];
        private readonly bool _isHost;
        private Instant _nextAnnouncement;

        public End(LinkRole role, MacAddress mac, MacAddress peer, bool isSealed, UdpPort port, IRandomSource random)
        {
            Mac = mac;
            Port = port;
            _isHost = role == LinkRole.Responder;
            _make = () => new EtherLink(
                new LinkOptions
                {
                    Local = mac, Peer = peer, Vlan = Vlan10, Role = role, Sealed = isSealed, PreSharedKey = new byte[32], LocalName = "end", MtuBytes = 1500,
                },
                this, random, new NoEvents());
            Link = _make();
        }

        public MacAddress Mac { get; }

        public EtherLink Link { get; private set; }

        public UdpPort Port { get; set; }

        public bool IsUp => Link.State == LinkState.Up;

        public int Said { get; private set; }

        public int Heard { get; private set; }

        public int Downs { get; private set; }

        /// <summary>The first 64 bytes of the payload that went out last.</summary>
        public byte[] LastHeader { get; private set; } = [];

        public List<byte[]>? Record { get; set; }

        public void Say() => Said += Link.TrySendControl([1, 2, 3, 4]) ? 1 : 0;

        public void Restart(UdpPort port, Instant now)
        {
            Port = port;
            Link.Dispose();
            Link = _make();
            Link.Open(now);
        }

        public void Turn(Instant now)
        {
            while (Port.TryReceive(out var frame))
            {
                Port.Confirm(frame.Destination == Mac ? Link.OnFrame(frame, now) : FrameTrust.None);
                Port.Release();
            }

            Link.OnTime(now);
            while (Link.TryTakeFrame(now, _frame, out var written))
            {
                LastHeader = _frame[EthernetHeader.TaggedBytes..(EthernetHeader.TaggedBytes + 64)];
                Record?.Add(_frame[..written]);
                Port.TrySend(_frame.AsSpan(0, written));
            }

            if (_isHost && now >= _nextAnnouncement)
            {
                _nextAnnouncement = now + TimeSpan.FromSeconds(1);
                Port.TrySend(_announcement.AsSpan(0, new Announcement(Mac, Vlan10, "host", LinkFeatures.None, 4, true).Write(_announcement)));
            }
        }

        public void OnTlp(EtherLink link, ushort function, ulong generation, ReadOnlySpan<byte> tlp, Instant now)
        {
        }

        public void OnControl(EtherLink link, ReadOnlySpan<byte> message, Instant now) => Heard++;

        public void OnUp(EtherLink link, Instant now)
        {
        }

        public void OnDown(EtherLink link, LinkDownReason reason, Instant now) => Downs++;

        public void Dispose()
        {
            Link.Dispose();
            Port.Dispose();
        }
    }

    private sealed class NoEvents : IEventSink
    {
        public void Report(EventSeverity severity, string source, string text)
        {
        }
    }
}
