using ExpEther.Link.Ethernet;
using ExpEther.Link.Tests.Network;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Tests;

/// <summary>Someone on the wire without the key, who records frames and sends them, or what he makes of them, where he likes.</summary>
public class IntruderTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void Frames_thrown_back_at_their_sender_are_nothing_to_it()
    {
        var recorded = new List<byte[]>();
        var pair = new LinkPair(61, NetworkFaults.None);
        pair.Network.Tap = recorded.Add;
        pair.Up();
        Assert.True(pair.Initiator.Link.TrySendControl("forth"u8));
        Assert.True(pair.Responder.Link.TrySendControl("back"u8));
        pair.Run(Second);
        var epoch = pair.Initiator.Link.Epoch;
        Assert.Contains(recorded, f => f[18 + FrameLayout.Type] == (byte)FrameType.Data);

        foreach (var frame in recorded.ToArray())
        {
            ThrowBack(pair, TaggedFrame.Read(frame));
        }

        var thrown = recorded.Count;
        Assert.Equal(thrown, pair.Initiator.Link.Counters.FramesDropped + pair.Responder.Link.Counters.FramesDropped);
        pair.Run(Second);
        Assert.Single(pair.Initiator.Consumer.Delivered);
        Assert.Single(pair.Responder.Consumer.Delivered);
        Assert.Equal((epoch, epoch), (pair.Initiator.Link.Epoch, pair.Responder.Link.Epoch));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Frames_thrown_back_unchanged_break_no_seal_open(bool isSealed)
    {
        // Byte for byte, the frame number included: what one direction's key sealed, or checksum closed, the other's does not open.
        var pair = new LinkPair(62, NetworkFaults.None, isSealed: isSealed).Up();
        Assert.True(pair.Initiator.Link.TrySendControl("forth"u8));
        var last = Array.Empty<byte>();
        for (var i = 0; i < 100; i++)
        {
            Assert.True(pair.Initiator.Link.TrySendControl("on"u8));
            var room = new byte[1518];
            Assert.True(pair.Initiator.Link.TryTakeFrame(pair.Now, room, out var written));
            last = room[..written];
        }

        ThrowBack(pair, TaggedFrame.Read(last));
        Assert.Equal(1, pair.Initiator.Link.Counters.Dropped(isSealed ? FrameDrop.BrokenSeal : FrameDrop.BadChecksum));
    }

    [Fact]
    public void Frames_of_one_VLAN_mean_nothing_in_another_under_the_same_key_and_addresses()
    {
        var recorded = new List<byte[]>();
        var other = new VlanId(20);
        var here = new LinkPair(63, NetworkFaults.None);
        here.Network.Tap = recorded.Add;
        here.Up();
        Assert.True(here.Initiator.Link.TrySendControl("for VLAN 10"u8));
        here.Run(TimeSpan.FromMilliseconds(10));
        var there = new LinkPair(63, NetworkFaults.None, adjust: o => o with { Vlan = other });
        there.Responder.Link.Open(there.Now);

        // The other link even has the same nonces and epoch up to here: its randomness is the same.
        foreach (var frame in recorded)
        {
            var read = TaggedFrame.Read(frame);
            if (read.Destination == LinkPair.ResponderMac)
            {
                there.Responder.Link.OnFrame(new ReceivedFrame(read.Destination, read.Source, other, read.Payload), there.Now);
            }
        }

        Assert.Equal(there.Responder.Link.Counters.FramesReceived, there.Responder.Link.Counters.FramesDropped);
        Assert.True(there.Responder.Link.Counters.Dropped(FrameDrop.BrokenSeal) > 0);
        Assert.Equal(LinkState.Connecting, there.Responder.Link.State);
        Assert.Empty(there.Responder.Consumer.Delivered);
    }

    [Fact]
    public void Frames_of_made_up_epochs_are_answered_rarely()
    {
        var stales = 0;
        var pair = new LinkPair(64, NetworkFaults.None).Up();
        pair.Network.Tap = f => stales += f[18 + FrameLayout.Type] == (byte)FrameType.Stale ? 1 : 0;
        for (uint i = 0; i < 1000; i++)
        {
            var frame = new byte[FrameLayout.Bytes + 16];
            new FrameHeader
            {
                Type = FrameType.Data, Flags = FrameFlags.Sealed, Length = (ushort)frame.Length, Epoch = 0x8000_0000 + i, FrameNumber = i,
            }.Write(frame);
            pair.Responder.Link.OnFrame(new ReceivedFrame(LinkPair.ResponderMac, LinkPair.InitiatorMac, LinkPair.Vlan, frame), pair.Now);
            pair.Run(TimeSpan.FromMilliseconds(1));
        }

        Assert.InRange(stales, 1, 21);
        Assert.Empty(pair.Initiator.Consumer.Downs);
        Assert.Empty(pair.Responder.Consumer.Downs);
    }

    [Fact]
    public void A_replayed_STALE_makes_the_initiator_ask_rarely_and_changes_nothing()
    {
        var pair = new LinkPair(65, NetworkFaults.None).Up();
        var stale = StaleFor(pair);
        var setups = 0;
        pair.Network.Tap = f => setups += f[18 + FrameLayout.Type] is (byte)FrameType.Hello or (byte)FrameType.Challenge ? 1 : 0;
        for (var i = 0; i < 1000; i++)
        {
            pair.Initiator.Link.OnFrame(TaggedFrame.Read(stale), pair.Now);
            pair.Run(TimeSpan.FromMilliseconds(1));
        }

        Assert.InRange(setups, 2, 42);
        Assert.Empty(pair.Initiator.Consumer.Downs);
        Assert.Empty(pair.Responder.Consumer.Downs);
    }

    [Fact]
    public void Old_INITs_replayed_without_end_do_not_disturb_a_link_that_is_up()
    {
        var inits = new List<byte[]>();
        var pair = new LinkPair(66, NetworkFaults.None);
        pair.Network.Tap = f =>
        {
            if (f[18 + FrameLayout.Type] == (byte)FrameType.Init)
            {
                inits.Add(f);
            }
        };
        pair.Up();
        for (var i = 0; i < 20; i++)
        {
            pair.Restart(LinkRole.Initiator);
            Assert.True(pair.RunUntil(() => pair.BothUp && pair.Initiator.Link.Epoch == pair.Responder.Link.Epoch, 5 * Second));
        }

        var (epoch, downs) = (pair.Responder.Link.Epoch, pair.Responder.Consumer.Downs.Count);
        Assert.True(inits.Count > 16);
        var sent = pair.Responder.Link.Counters.FramesSent;
        for (var i = 0; i < 500; i++)
        {
            pair.Responder.Link.OnFrame(TaggedFrame.Read(inits[i % inits.Count]), pair.Now);
            Assert.True(pair.Initiator.Link.TrySendControl("on"u8));
            pair.Run(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(epoch, pair.Responder.Link.Epoch);
        Assert.Equal(downs, pair.Responder.Consumer.Downs.Count);
        Assert.Equal(500, pair.Responder.Consumer.Delivered.Count);

        // No amplification: at most an answer for each, beside what the 500 messages cost.
        Assert.InRange(pair.Responder.Link.Counters.FramesSent - sent, 0, 1100);
    }

    private static void ThrowBack(LinkPair pair, in ReceivedFrame frame)
    {
        var sender = frame.Source == LinkPair.InitiatorMac ? pair.Initiator.Link : pair.Responder.Link;
        sender.OnFrame(new ReceivedFrame(frame.Source, frame.Destination, frame.Vlan, frame.Payload), pair.Now);
    }

    /// <summary>An authentic STALE of the epoch in use, as one would get it from a responder that had not heard of it yet.</summary>
    private static byte[] StaleFor(LinkPair pair)
    {
        var responder = new LinkEnd(pair.OptionsFor(LinkRole.Responder), new SeededRandom(99));
        responder.Link.Open(pair.Now);
        Assert.True(pair.Initiator.Link.TrySendControl("hello"u8));
        var room = new byte[1518];
        Assert.True(pair.Initiator.Link.TryTakeFrame(pair.Now, room, out var written));
        responder.Link.OnFrame(TaggedFrame.Read(room.AsSpan(0, written)), pair.Now);
        Assert.True(responder.Link.TryTakeFrame(pair.Now, room, out written));
        Assert.Equal((byte)FrameType.Stale, room[18 + FrameLayout.Type]);
        return room[..written];
    }
}
