using ExpEther.Core.Time;
using ExpEther.Link.Tests.Network;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Tests;

/// <summary>Two stations of one identity on one wire, which carries what is for it to both; and one that is started again.</summary>
public sealed class RivalTests : IDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    private readonly SeededRandom _random = new(5);
    private readonly List<Station> _stations = [];
    private Instant _now = Instant.Zero + TimeSpan.FromSeconds(1);
    private int _hellos;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_second_box_of_one_identity_does_not_take_the_link_of_the_first(bool isSealed)
    {
        var host = Add(LinkRole.Responder, 9, isSealed);
        var first = Add(LinkRole.Initiator, 1, isSealed);
        Until(() => host.IsUp && first.IsUp);
        var epoch = host.Link.Epoch;
        var second = Add(LinkRole.Initiator, 2, isSealed);

        Pass(TimeSpan.FromSeconds(30));

        Assert.Equal((epoch, epoch, 0, 0), (host.Link.Epoch, first.Link.Epoch, host.Downs, first.Downs));
        Assert.False(second.IsUp);
        Assert.True(host.Link.HasRival(_now));
        Assert.True(_now - second.Link.PeerTakenSince >= TimeSpan.FromSeconds(20));

        // A gap in the path of the first does not hand the link over.
        first.IsCut = true;
        Pass(TimeSpan.FromSeconds(10));
        first.IsCut = false;
        Pass(TimeSpan.FromSeconds(5));
        Assert.Equal((epoch, epoch, false), (host.Link.Epoch, first.Link.Epoch, second.IsUp));

        // Its death does.
        Remove(first);
        Until(() => second.IsUp && host.Link.PeerIncarnation == 2, TimeSpan.FromSeconds(25));
        Pass(TimeSpan.FromSeconds(15));
        Assert.False(host.Link.HasRival(_now));
        Assert.Null(second.Link.PeerTakenSince);
    }

    [Fact]
    public void A_box_that_is_started_again_is_back_at_once_and_no_rival()
    {
        var host = Add(LinkRole.Responder, 9);
        for (var life = 1UL; life < 10; life++)
        {
            var box = Add(LinkRole.Initiator, life);
            var began = _now;
            Until(() => box.IsUp && host.IsUp && host.Link.PeerIncarnation == life);
            Assert.True(_now - began < TimeSpan.FromSeconds(2), $"{_now - began}");
            Assert.False(host.Link.HasRival(_now));
            Pass(TimeSpan.FromMilliseconds(330 * life));
            Remove(box);
        }
    }

    [Fact]
    public void A_host_that_is_started_again_is_back_at_once_and_no_rival()
    {
        var box = Add(LinkRole.Initiator, 9);
        for (var life = 1UL; life < 10; life++)
        {
            var host = Add(LinkRole.Responder, life);
            var began = _now;
            Until(() => box.IsUp && host.IsUp && box.Link.PeerIncarnation == life);
            Assert.True(_now - began < TimeSpan.FromSeconds(3), $"{_now - began}");
            Assert.False(box.Link.HasRival(_now));
            Pass(TimeSpan.FromMilliseconds(330 * life));
            Remove(host);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_second_host_of_one_identity_does_not_take_the_link_of_the_first(bool isSealed)
    {
        var first = Add(LinkRole.Responder, 1, isSealed);
        var box = Add(LinkRole.Initiator, 9, isSealed);
        Until(() => first.IsUp && box.IsUp);
        var epoch = box.Link.Epoch;
        var second = Add(LinkRole.Responder, 2, isSealed);

        Pass(TimeSpan.FromSeconds(30));

        Assert.Equal((epoch, epoch, 0, 0), (box.Link.Epoch, first.Link.Epoch, box.Downs, first.Downs));
        Assert.False(second.IsUp);
    }

    /// <summary>Anyone can announce a host's other life: that must not make its box ask at the pace of the announcements, nor end what works.</summary>
    [Fact]
    public void Announcements_of_another_life_have_the_box_ask_rarely_and_the_link_stays()
    {
        var host = Add(LinkRole.Responder, 1);
        var box = Add(LinkRole.Initiator, 9);
        Until(() => host.IsUp && box.IsUp);
        var epoch = box.Link.Epoch;
        _hellos = 0;

        for (var end = _now + TimeSpan.FromSeconds(20); _now < end;)
        {
            box.Link.Doubt(_now);
            Turn();
        }

        Assert.Equal((epoch, epoch, 0, 0), (host.Link.Epoch, box.Link.Epoch, host.Downs, box.Downs));
        Assert.InRange(_hellos, 1, 11);
    }

    public void Dispose()
    {
        foreach (var station in _stations)
        {
            station.Link.Dispose();
        }
    }

    private Station Add(LinkRole role, ulong incarnation, bool isSealed = true)
    {
        var station = new Station(role, incarnation, isSealed, _random);
        _stations.Add(station);
        station.Link.Open(_now);
        return station;
    }

    /// <summary>Killed: it says nothing any more.</summary>
    private void Remove(Station station)
    {
        _stations.Remove(station);
        station.Link.Dispose();
    }

    private void Pass(TimeSpan time)
    {
        for (var end = _now + time; _now < end;)
        {
            Turn();
        }
    }

    private void Until(Func<bool> isSo, TimeSpan? patience = null)
    {
        for (var end = _now + (patience ?? TimeSpan.FromSeconds(10)); !isSo();)
        {
            Assert.True(_now < end, "it does not come about");
            Turn();
        }
    }

    private void Turn()
    {
        _now += Step;
        var room = new byte[2000];
        foreach (var from in _stations)
        {
            from.Link.OnTime(_now);
            while (from.Link.TryTakeFrame(_now, room, out var written))
            {
                var frame = TaggedFrame.Read(room.AsSpan(0, written));
                FrameHeader.TryParse(frame.Payload, out var header);
                _hellos += header.Type == FrameType.Hello ? 1 : 0;
                foreach (var to in _stations.Where(s => s.Role != from.Role && !s.IsCut && !from.IsCut))
                {
                    to.Link.OnFrame(frame, _now);
                }
            }
        }
    }

    private sealed class Station : ILinkConsumer
    {
        public Station(LinkRole role, ulong incarnation, bool isSealed, IRandomSource random)
        {
            Role = role;
            var isBox = role == LinkRole.Initiator;
            Link = new EtherLink(
                new LinkOptions
                {
                    Local = isBox ? LinkPair.InitiatorMac : LinkPair.ResponderMac,
                    Peer = isBox ? LinkPair.ResponderMac : LinkPair.InitiatorMac,
                    Vlan = LinkPair.Vlan,
                    Role = role,
                    Sealed = isSealed,
                    PreSharedKey = new byte[32],
                    Incarnation = incarnation,
                    LocalName = isBox ? "io" : "host1",
                },
                this, random, new NoEvents());
        }

        public LinkRole Role { get; }

        public EtherLink Link { get; }

        public bool IsUp => Link.State == LinkState.Up;

        public bool IsCut { get; set; }

        public int Downs { get; private set; }

        public void OnTlp(EtherLink link, ushort function, ulong generation, ReadOnlySpan<byte> tlp, Instant now)
        {
        }

        public void OnControl(EtherLink link, ReadOnlySpan<byte> message, Instant now)
        {
        }

        public void OnUp(EtherLink link, Instant now)
        {
        }

        public void OnDown(EtherLink link, LinkDownReason reason, Instant now) => Downs++;
    }

    private sealed class NoEvents : IEventSink
    {
        public void Report(EventSeverity severity, string source, string text)
        {
        }
    }
}
