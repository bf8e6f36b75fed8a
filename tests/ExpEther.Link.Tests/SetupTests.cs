using ExpEther.Link.Ethernet;
using ExpEther.Link.Sealing;
using ExpEther.Link.Tests.Network;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Tests;

public class SetupTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Two_ends_agree_on_an_epoch_and_learn_each_others_names(bool isSealed)
    {
        var pair = new LinkPair(1, NetworkFaults.None, isSealed).Up();

        Assert.Equal(pair.Initiator.Link.Epoch, pair.Responder.Link.Epoch);
        Assert.NotEqual(0u, pair.Initiator.Link.Epoch);
        Assert.Equal("host1", pair.Initiator.Link.PeerName);
        Assert.Equal("box1", pair.Responder.Link.PeerName);
    }

    [Theory]
    [InlineData(1, 3, 1)]
    [InlineData(3, 4, 0)]
    public void A_peer_of_later_versions_is_answered_only_in_one_that_both_speak(byte oldest, byte newest, int answers)
    {
        var wire = new SetupWire(2);
        var pair = wire.Pair;
        var link = pair.Responder.Link;
        var frame = wire.ToResponder(wire.Hello(), FrameType.Challenge) is { } challenge
            ? wire.ToInitiator(challenge, FrameType.Init)! : throw new InvalidOperationException();
        frame[18 + SetupLayout.VersionMin] = oldest;
        frame[18 + SetupLayout.VersionMax] = newest;
        new SetupSeal(pair.OptionsFor(LinkRole.Initiator)).Close(frame.AsSpan(18));
        link.OnFrame(TaggedFrame.Read(frame), pair.Now);

        Assert.Equal(answers == 1, link.TryTakeFrame(pair.Now, frame, out _));
        Assert.Equal(1 - answers, link.Counters.Dropped(FrameDrop.WrongVersion));
        if (answers == 1)
        {
            Assert.Equal((byte)FrameType.Accept, frame[18 + FrameLayout.Type]);
            Assert.Equal(FrameLayout.CurrentVersion, frame[18 + SetupLayout.VersionMin]);
            Assert.Equal(FrameLayout.CurrentVersion, frame[18 + SetupLayout.VersionMax]);
        }
    }

    [Fact]
    public void A_link_finds_its_frames_by_addresses_and_VLAN()
    {
        var pair = new LinkPair(3, NetworkFaults.None);
        var demux = new FrameDemux();
        demux.Add(pair.Responder.Link);
        pair.Initiator.Link.Open(pair.Now);
        var frame = new byte[1518];
        Assert.True(pair.Initiator.Link.TryTakeFrame(pair.Now, frame, out var written));
        var init = TaggedFrame.Read(frame.AsSpan(0, written));
        Assert.True(FrameDemux.IsSetupRequest(init));
        Assert.Same(pair.Responder.Link, demux.Find(init));
        Assert.Null(demux.Find(new ReceivedFrame(init.Destination, init.Source, new VlanId(11), init.Payload)));
        demux.Remove(pair.Responder.Link);
        Assert.Null(demux.Find(init));
    }
}
