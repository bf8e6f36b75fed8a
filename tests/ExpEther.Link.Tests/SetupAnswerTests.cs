using System.Buffers.Binary;
using ExpEther.Link.Sealing;
using ExpEther.Link.Tests.Network;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Tests;

/// <summary>One INIT has one answer, one answer makes one session, and a session begins once (docs/security.md).</summary>
public class SetupAnswerTests
{
    [Fact]
    public void A_repeated_ACCEPT_has_the_confirmation_sent_again_in_the_same_session()
    {
        var wire = new SetupWire(31);
        var init = Init(wire);
        var accept = wire.ToResponder(init, FrameType.Accept)!;

        var confirmations = Enumerable.Range(0, 5).Select(_ => wire.ToInitiator(accept, FrameType.Data)!).ToList();

        // The same epoch, and a frame number of its own each time: the session goes on, it does not begin again.
        Assert.Single(confirmations.Select(Epoch).Distinct());
        Assert.Equal([1UL, 2, 3, 4, 5], confirmations.Select(Number));
        wire.Pair.Responder.Link.OnFrame(TaggedFrame.Read(confirmations[4]), wire.Pair.Now);
        Assert.Equal(LinkState.Up, wire.Pair.Responder.Link.State);
    }

    [Fact]
    public void The_same_INIT_has_the_same_answer_byte_for_byte_however_often_it_is_asked()
    {
        var wire = new SetupWire(32);
        var init = Init(wire);
        var first = wire.ToResponder(init, FrameType.Accept)!;
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(first, wire.ToResponder(init, FrameType.Accept));
        }
    }

    [Fact]
    public void Older_INITs_replayed_between_draw_no_second_answer_to_the_present_one()
    {
        var wire = new SetupWire(33);
        var old = new List<byte[]>();
        for (var life = 0; life < 12; life++)
        {
            old.Add(Init(wire));
            Assert.NotNull(wire.ToResponder(old[^1], FrameType.Accept));
            wire.Pair.Restart(LinkRole.Initiator);
        }

        var init = Init(wire);
        var answer = wire.ToResponder(init, FrameType.Accept)!;
        foreach (var one in old.Concat(Enumerable.Reverse(old)))
        {
            Assert.Null(wire.ToResponder(one, FrameType.Accept));
            Assert.Equal(answer, wire.ToResponder(init, FrameType.Accept));
        }
    }

    [Fact]
    public void An_INIT_that_a_responder_answered_is_not_answered_by_its_next_life()
    {
        var wire = new SetupWire(34);
        var init = Init(wire);
        var accept = wire.ToResponder(init, FrameType.Accept)!;
        wire.Pair.Restart(LinkRole.Responder);
        var challenge = wire.ToResponder(init, FrameType.Challenge);

        Assert.NotNull(challenge);
        Assert.Null(wire.ToResponder(init, FrameType.Accept));

        // The initiator learns of it by the nonce of its own INIT, and makes another one under another key; the first answer is nothing to it any more.
        var next = wire.ToInitiator(challenge, FrameType.Init)!;
        Assert.False(init.AsSpan(18 + SetupLayout.PublicKey, 64).SequenceEqual(next.AsSpan(18 + SetupLayout.PublicKey, 64)));
        Assert.Null(wire.ToInitiator(accept, FrameType.Data));
        Assert.NotNull(wire.ToInitiator(wire.ToResponder(next, FrameType.Accept)!, FrameType.Data));
    }

    /// <summary>
    /// What no responder does: two authentic answers to one INIT. Even so, the session of the first is never made a second time, and never begins again.
    /// </summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Answers_handed_over_as_A_B_A_make_one_session(bool isSealed)
    {
        var wire = new SetupWire(35, isSealed);
        var init = Init(wire);
        var a = wire.ToResponder(init, FrameType.Accept)!;
        var b = a.ToArray();
        b[18 + FrameLayout.Epoch] ^= 0x10;
        new SetupSeal(wire.Pair.OptionsFor(LinkRole.Initiator)).Close(b.AsSpan(18));
        var frames = new List<byte[]>();
        foreach (var accept in new[] { a, b, a, b, b, a })
        {
            if (wire.ToInitiator(accept, FrameType.Data) is { } confirmation)
            {
                frames.Add(confirmation);
            }
        }

        Assert.Equal([1UL, 2, 3], frames.Select(Number));
        Assert.Single(frames.Select(Epoch).Distinct());
        Assert.Equal(3, wire.Pair.Initiator.Link.Counters.Dropped(FrameDrop.UnexpectedSetup));
    }

    [Fact]
    public void A_confirmation_recorded_of_an_epoch_that_ended_brings_nothing_up()
    {
        var wire = new SetupWire(36);
        var init = Init(wire);
        var accept = wire.ToResponder(init, FrameType.Accept)!;
        var confirmation = wire.ToInitiator(accept, FrameType.Data)!;
        wire.Pair.Responder.Link.OnFrame(TaggedFrame.Read(confirmation), wire.Pair.Now);
        var responder = wire.Pair.Responder;
        Assert.Equal(LinkState.Up, responder.Link.State);
        responder.Link.Close(LinkDownReason.Closed, wire.Pair.Now);
        responder.Link.Open(wire.Pair.Now);
        for (var i = 0; i < 10; i++)
        {
            wire.ToResponder(init, FrameType.Accept);
            wire.ToResponder(confirmation, FrameType.Data);
        }

        Assert.Equal(LinkState.Connecting, responder.Link.State);
        Assert.Single(responder.Consumer.Ups);
    }

    [Fact]
    public void Neither_side_delivers_or_sends_before_the_other_has_proved_that_it_has_the_keys()
    {
        var wire = new SetupWire(37);
        var accept = wire.ToResponder(Init(wire), FrameType.Accept)!;
        Assert.False(wire.Pair.Responder.Link.TrySendControl("too soon"u8));
        var confirmation = wire.ToInitiator(accept, FrameType.Data)!;
        Assert.False(wire.Pair.Initiator.Link.TrySendControl("too soon"u8));
        var first = wire.ToResponder(confirmation, FrameType.Data)!;
        Assert.True(wire.Pair.Responder.Link.TrySendControl("now"u8));
        wire.ToInitiator(first, FrameType.Data);
        Assert.True(wire.Pair.Initiator.Link.TrySendControl("now"u8));
    }

    [Fact]
    public void A_session_that_no_one_confirms_is_forgotten()
    {
        var wire = new SetupWire(38);
        var accept = wire.ToResponder(Init(wire), FrameType.Accept)!;
        var confirmation = wire.ToInitiator(accept, FrameType.Data)!;
        var late = wire.Pair.Now + new LinkOptions { Local = default, Peer = default, Vlan = default, Role = default }.SetupPending;
        wire.Pair.Responder.Link.OnTime(late);
        wire.Pair.Responder.Link.OnFrame(TaggedFrame.Read(confirmation), late);
        Assert.Equal(LinkState.Connecting, wire.Pair.Responder.Link.State);
        Assert.Equal(1, wire.Pair.Responder.Link.Counters.Dropped(FrameDrop.OldEpoch));
    }

    [Fact]
    public void Both_learn_each_others_incarnation()
    {
        var pair = new LinkPair(39, NetworkFaults.None, adjust: o => o with { Incarnation = o.Role == LinkRole.Initiator ? 0x1122UL : 0x3344UL }).Up();
        Assert.Equal(0x3344UL, pair.Initiator.Link.PeerIncarnation);
        Assert.Equal(0x1122UL, pair.Responder.Link.PeerIncarnation);
    }

    /// <summary>Every byte that INIT or ACCEPT says goes into the keys: a change of any one that both took would leave them with different ones.</summary>
    [Theory]
    [InlineData(FrameType.Init)]
    [InlineData(FrameType.Accept)]
    public void A_change_of_any_byte_of_set_up_leaves_no_common_keys(FrameType changed)
    {
        for (var at = 0; at < SetupLayout.Bytes; at++)
        {
            if (at is FrameLayout.Length or FrameLayout.Length + 1)
            {
                continue;
            }

            // By one who holds the key of set-up, and so can make the tag right again.
            var wire = new SetupWire(40);
            var init = Init(wire);
            var seal = new SetupSeal(wire.Pair.OptionsFor(LinkRole.Initiator));
            var accept = wire.ToResponder(changed == FrameType.Init ? Changed(init, at, seal) : init, FrameType.Accept);
            if (accept is not null && wire.ToInitiator(changed == FrameType.Accept ? Changed(accept, at, seal) : accept, FrameType.Data) is { } confirmation)
            {
                wire.Pair.Responder.Link.OnFrame(TaggedFrame.Read(confirmation), wire.Pair.Now);
            }

            Assert.True(wire.Pair.Responder.Link.State == LinkState.Connecting, $"a change of byte {at} passed");
        }
    }

    private static byte[] Changed(byte[] frame, int at, SetupSeal seal)
    {
        var other = frame.ToArray();
        other[18 + at] ^= 1;
        seal.Close(other.AsSpan(18));
        return other;
    }

    private static byte[] Init(SetupWire wire) =>
        wire.ToInitiator(wire.ToResponder(wire.Hello(), FrameType.Challenge)!, FrameType.Init) ?? throw new InvalidOperationException("no INIT");

    private static uint Epoch(byte[] frame) => BinaryPrimitives.ReadUInt32LittleEndian(frame.AsSpan(18 + FrameLayout.Epoch));

    private static ulong Number(byte[] frame) => BinaryPrimitives.ReadUInt64LittleEndian(frame.AsSpan(18 + FrameLayout.FrameNumber));
}
