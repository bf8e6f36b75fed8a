using System.Buffers.Binary;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Tests.Network;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Tests;

/// <summary>Every frame that does not belong is counted under its own reason and delivers nothing.</summary>
public class DropReasonTests
{
    private readonly LinkPair _pair = new LinkPair(11, NetworkFaults.None).Up();
    private readonly byte[] _frame;

    public DropReasonTests()
    {
        _pair.Run(TimeSpan.FromMilliseconds(10));
        Assert.True(_pair.Initiator.Link.TrySendControl("message"u8));
        var room = new byte[1518];
        Assert.True(_pair.Initiator.Link.TryTakeFrame(_pair.Now, room, out var written));
        _frame = room[..written];
    }

    [Fact]
    public void A_frame_of_another_VLAN() => AssertDropped(FrameDrop.WrongVlan, Offer(_frame, vlan: new VlanId(11)));

    [Fact]
    public void A_frame_from_another_MAC() => AssertDropped(FrameDrop.WrongSource, Offer(_frame, source: new MacAddress(0x02_00_00_00_00_99)));

    [Fact]
    public void A_frame_to_another_MAC() => AssertDropped(FrameDrop.WrongDestination, Offer(_frame, destination: MacAddress.Broadcast));

    [Fact]
    public void A_frame_of_another_version() => AssertDropped(FrameDrop.WrongVersion, Offer(With(FrameLayout.Version, FrameLayout.CurrentVersion + 1)));

    [Fact]
    public void An_unsealed_frame_on_a_sealed_link() => AssertDropped(FrameDrop.WrongForm, Offer(With(FrameLayout.Flags, 0)));

    [Fact]
    public void A_frame_of_a_path_that_is_not() => AssertDropped(FrameDrop.WrongPath, Offer(With(FrameLayout.Path, 1)));

    [Fact]
    public void A_frame_with_a_broken_seal() => AssertDropped(FrameDrop.BrokenSeal, Offer(With(_frame.Length - 18 - 1, (byte)(_frame[^1] ^ 1))));

    [Fact]
    public void A_frame_cut_short() => AssertDropped(FrameDrop.Malformed, Offer(_frame[..^1]));

    [Fact]
    public void A_frame_of_an_epoch_that_never_was()
    {
        var other = _frame.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(other.AsSpan(18 + FrameLayout.Epoch), _pair.Responder.Link.Epoch + 1);
        AssertDropped(FrameDrop.OldEpoch, Offer(other));
    }

    [Fact]
    public void A_frame_replayed()
    {
        Assert.Equal(0, Offer(_frame).FramesDropped);
        Assert.Single(_pair.Responder.Consumer.Delivered);
        var counters = Offer(_frame);
        Assert.Equal(1, counters.Dropped(FrameDrop.Replayed));
        Assert.Single(_pair.Responder.Consumer.Delivered);
    }

    [Fact]
    public void A_frame_older_than_the_replay_window_can_tell()
    {
        for (var i = 0; i < LinkLimits.ReplayFramesMax; i++)
        {
            Assert.True(_pair.Initiator.Link.TrySendControl("later"u8));
            var room = new byte[1518];
            Assert.True(_pair.Initiator.Link.TryTakeFrame(_pair.Now, room, out var written));
            if (i == LinkLimits.ReplayFramesMax - 1)
            {
                Offer(room[..written]);
            }
        }

        Assert.Equal(1, Offer(_frame).Dropped(FrameDrop.Replayed));
    }

    [Fact]
    public void A_frame_of_the_epoch_before()
    {
        var before = _pair.Responder.Link.Epoch;
        _pair.Restart(LinkRole.Initiator);
        Assert.True(_pair.RunUntil(() => _pair.BothUp && _pair.Responder.Link.Epoch != before, TimeSpan.FromSeconds(5)));
        AssertDropped(FrameDrop.OldEpoch, Offer(_frame));
    }

    [Fact]
    public void A_frame_at_a_closed_link()
    {
        _pair.Responder.Link.Close(LinkDownReason.Closed, _pair.Now);
        AssertDropped(FrameDrop.NotOpen, Offer(_frame));
    }

    [Fact]
    public void An_ACCEPT_that_nobody_asked_for()
    {
        byte[]? accept = null;
        var pair = new LinkPair(12, NetworkFaults.None);
        pair.Network.Tap = f => accept = f[18 + FrameLayout.Type] == (byte)FrameType.Accept ? f : accept;
        pair.Up();
        pair.Initiator.Link.OnFrame(TaggedFrame.Read(accept), pair.Now);
        Assert.Equal(1, pair.Initiator.Link.Counters.Dropped(FrameDrop.UnexpectedSetup));
        Assert.Equal(LinkState.Up, pair.Initiator.Link.State);
    }

    [Fact]
    public void An_unsealed_frame_with_a_bad_checksum()
    {
        var pair = new LinkPair(13, NetworkFaults.None, isSealed: false).Up();
        pair.Run(TimeSpan.FromMilliseconds(10));
        Assert.True(pair.Initiator.Link.TrySendControl("message"u8));
        var room = new byte[1518];
        Assert.True(pair.Initiator.Link.TryTakeFrame(pair.Now, room, out var written));
        room[written - 1] ^= 1;
        pair.Responder.Link.OnFrame(TaggedFrame.Read(room.AsSpan(0, written)), pair.Now);
        Assert.Equal(1, pair.Responder.Link.Counters.Dropped(FrameDrop.BadChecksum));
        Assert.Empty(pair.Responder.Consumer.Delivered);
    }

    private byte[] With(int offset, byte value)
    {
        var changed = _frame.ToArray();
        changed[18 + offset] = value;
        return changed;
    }

    private LinkCounters Offer(byte[] frame, MacAddress? destination = null, MacAddress? source = null, VlanId? vlan = null)
    {
        var read = TaggedFrame.Read(frame);
        _pair.Responder.Link.OnFrame(
            new ReceivedFrame(destination ?? read.Destination, source ?? read.Source, vlan ?? read.Vlan, read.Payload), _pair.Now);
        return _pair.Responder.Link.Counters;
    }

    private void AssertDropped(FrameDrop reason, LinkCounters counters)
    {
        Assert.Equal(1, counters.Dropped(reason));
        Assert.Equal(1, counters.FramesDropped);
        Assert.Empty(_pair.Responder.Consumer.Delivered);
    }
}
