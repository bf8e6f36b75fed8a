using ExpEther.Link.Tests.Network;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Tests;

public class EpochTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(LinkRole.Initiator)]
    [InlineData(LinkRole.Responder)]
    public void A_side_that_restarts_is_noticed_long_before_the_link_would_be_dead(LinkRole restarting)
    {
        var pair = new LinkPair(21, NetworkFaults.None).Up();
        var survivor = restarting == LinkRole.Initiator ? pair.Responder : pair.Initiator;
        var before = survivor.Link.Epoch;
        pair.Restart(restarting);

        Assert.True(pair.RunUntil(() => pair.BothUp && survivor.Link.Epoch != before, 2 * Second));
        Assert.Equal(LinkDownReason.PeerRestarted, Assert.Single(survivor.Consumer.Downs).Reason);
        Assert.Equal(2, survivor.Consumer.Ups.Count);
        Assert.False(survivor.Consumer.WasCalledWhileDown);
        Assert.Equal(pair.Initiator.Link.Epoch, pair.Responder.Link.Epoch);
    }

    [Fact]
    public void Both_sides_restart_at_once()
    {
        var pair = new LinkPair(22, NetworkFaults.None).Up();
        pair.Restart(LinkRole.Initiator);
        pair.Restart(LinkRole.Responder);
        Assert.True(pair.RunUntil(() => pair.BothUp, 2 * Second));
    }

    [Fact]
    public void A_responder_keeps_its_epoch_until_the_new_one_is_confirmed()
    {
        byte[]? oldInit = null;
        var pair = new LinkPair(23, NetworkFaults.None);
        pair.Network.Tap = f => oldInit ??= f[18 + FrameLayout.Type] == (byte)FrameType.Init ? f : null;
        pair.Up();
        pair.Restart(LinkRole.Initiator);
        Assert.True(pair.RunUntil(() => pair.BothUp, 2 * Second));
        var epoch = pair.Responder.Link.Epoch;
        var downs = pair.Responder.Consumer.Downs.Count;

        // The INIT of the life before, as often as anyone likes: authentic, answered, harmless.
        for (var i = 0; i < 20; i++)
        {
            pair.Responder.Link.OnFrame(TaggedFrame.Read(oldInit), pair.Now);
            pair.Run(TimeSpan.FromMilliseconds(50));
        }

        Assert.Equal(epoch, pair.Responder.Link.Epoch);
        Assert.Equal(downs, pair.Responder.Consumer.Downs.Count);
        Assert.True(pair.Initiator.Link.TrySendControl("as before"u8));
        Assert.True(pair.RunUntil(() => pair.Responder.Consumer.Delivered.Count == 1, Second));
    }

    [Fact]
    public void A_STALE_of_an_earlier_life_ends_nothing()
    {
        var pair = new LinkPair(24, NetworkFaults.None).Up();
        var epoch = pair.Initiator.Link.Epoch;

        // Another responder with the same key and no memory: what it says is authentic, and not true of the one that is up.
        var responder = new LinkEnd(pair.OptionsFor(LinkRole.Responder), new SeededRandom(99));
        responder.Link.Open(pair.Now);
        Assert.True(pair.Initiator.Link.TrySendControl("hello"u8));
        var room = new byte[1518];
        Assert.True(pair.Initiator.Link.TryTakeFrame(pair.Now, room, out var written));
        responder.Link.OnFrame(TaggedFrame.Read(room.AsSpan(0, written)), pair.Now);
        Assert.True(responder.Link.TryTakeFrame(pair.Now, room, out written));
        Assert.Equal((byte)FrameType.Stale, room[18 + FrameLayout.Type]);

        pair.Initiator.Link.OnFrame(TaggedFrame.Read(room.AsSpan(0, written)), pair.Now);
        var inits = 0;
        pair.Network.Tap = f => inits += f[18 + FrameLayout.Type] == (byte)FrameType.Hello ? 1 : 0;
        pair.Run(Second);
        Assert.Equal(1, inits);
        Assert.Equal(epoch, pair.Initiator.Link.Epoch);
        Assert.Empty(pair.Initiator.Consumer.Downs);
        Assert.Empty(pair.Responder.Consumer.Downs);
        Assert.Single(pair.Responder.Consumer.Delivered);
    }

    [Theory]
    [InlineData(LinkRole.Initiator)]
    [InlineData(LinkRole.Responder)]
    public void Closing_tells_the_peer_at_once_even_when_the_first_word_is_lost(LinkRole closing)
    {
        var pair = new LinkPair(25, NetworkFaults.None).Up();
        var (closer, other) = closing == LinkRole.Initiator ? (pair.Initiator, pair.Responder) : (pair.Responder, pair.Initiator);
        pair.Network.IsCut = true;
        closer.Link.Close(LinkDownReason.Closed, pair.Now);
        pair.Run(TimeSpan.FromMilliseconds(10));
        pair.Network.IsCut = false;

        Assert.True(pair.RunUntil(() => other.Consumer.Downs.Count == 1, Second));
        Assert.Equal(LinkDownReason.PeerReset, other.Consumer.Downs[0].Reason);
        Assert.Equal(LinkDownReason.Closed, Assert.Single(closer.Consumer.Downs).Reason);
        pair.Run(5 * Second);
        Assert.Equal(LinkState.Closed, closer.Link.State);

        closer.Link.Open(pair.Now);
        Assert.True(pair.RunUntil(() => pair.BothUp, 5 * Second));
    }

    [Fact]
    public void Nothing_of_an_epoch_is_delivered_in_the_next()
    {
        for (ulong seed = 1; seed <= 100; seed++)
        {
            var pair = new LinkPair(
                seed, new NetworkFaults { Loss = 0.1, Duplication = 0.2, Reordering = 0.5, HoldMax = Second }, isSealed: seed % 2 == 0).Up();
            for (byte life = 1; life <= 4; life++)
            {
                byte[] message = [life];
                for (var i = 0; i < 20; i++)
                {
                    Assert.True(pair.Initiator.Link.TrySendControl(message));
                }

                pair.Run(TimeSpan.FromMilliseconds(2));
                pair.Restart(LinkRole.Initiator);
                var begun = pair.Responder.Consumer.Ups.Count;
                Assert.True(pair.RunUntil(() => pair.BothUp && pair.Responder.Consumer.Ups.Count > begun, 60 * Second), $"seed {seed}, life {life}");
                pair.Responder.Consumer.Delivered.Clear();
                pair.Run(2 * Second);
                Assert.Empty(pair.Responder.Consumer.Delivered);
            }
        }
    }

    [Fact]
    public void A_wrong_key_never_comes_up()
    {
        var pair = new LinkPair(26, NetworkFaults.None, adjust: o => o.Role == LinkRole.Initiator ? o : o with { PreSharedKey = new byte[32] });
        pair.Open();
        pair.Run(5 * Second);
        Assert.Equal(LinkState.Connecting, pair.Initiator.Link.State);
        Assert.Equal(LinkState.Connecting, pair.Responder.Link.State);
        Assert.True(pair.Responder.Link.Counters.Dropped(FrameDrop.BrokenSeal) > 0);
    }

    [Theory]
    [InlineData(1500, 1500, 1024)]
    [InlineData(9000, 9000, 4096)]
    [InlineData(9000, 1500, 1024)]
    [InlineData(1024, 9000, 512)]
    public void The_maximum_payload_follows_the_smaller_MTU(int initiatorMtu, int responderMtu, int payload)
    {
        var pair = new LinkPair(27, NetworkFaults.None, adjust: o => o with { MtuBytes = o.Role == LinkRole.Initiator ? initiatorMtu : responderMtu }).Up();
        Assert.Equal(payload, pair.Initiator.Link.MaxPayloadBytes);
        Assert.Equal(payload, pair.Responder.Link.MaxPayloadBytes);
        var longest = 0;
        pair.Network.Tap = f => longest = Math.Max(longest, f.Length);
        var traffic = new Traffic(pair.Initiator, 1);
        Assert.True(pair.RunUntil(
            () =>
            {
                traffic.Send(200);
                return pair.Responder.Consumer.Delivered.Count == 200;
            },
            Second));
        traffic.AssertIsWhatArrived(pair.Responder.Consumer, "MTU");
        Assert.InRange(longest, 1, Math.Min(initiatorMtu, responderMtu) + 18);
    }
}
