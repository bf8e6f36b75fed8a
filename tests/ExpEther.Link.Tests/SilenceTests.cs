using ExpEther.Link.Tests.Network;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Link.Tests;

public class SilenceTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Ten_seconds_without_a_network_are_a_pause(bool isSealed)
    {
        var pair = new LinkPair(31, NetworkFaults.None, isSealed).Up();
        var forth = new Traffic(pair.Initiator, 1);
        forth.Send(300);
        pair.Run(TimeSpan.FromMicroseconds(30));
        pair.Network.IsCut = true;
        forth.Send(600);
        pair.Run(TimeSpan.FromSeconds(10));
        Assert.True(pair.Initiator.Link.IsSilent(pair.Now));
        Assert.Equal(1, pair.Initiator.Link.Counters.Silences);
        Assert.Equal(1, pair.Responder.Link.Counters.Silences);

        pair.Network.IsCut = false;
        Assert.True(pair.RunUntil(() => pair.Responder.Consumer.Delivered.Count == 600, TimeSpan.FromSeconds(1)), "the pause did not end with the cut");
        forth.AssertIsWhatArrived(pair.Responder.Consumer, "after the pause");
        Assert.Empty(pair.Initiator.Consumer.Downs);
        Assert.Empty(pair.Responder.Consumer.Downs);
        Assert.False(pair.Initiator.Link.IsSilent(pair.Now));
    }

    [Fact]
    public void Twenty_seconds_are_the_end_on_both_sides_and_the_link_comes_back_in_a_new_epoch()
    {
        var pair = new LinkPair(32, NetworkFaults.None).Up();
        var epoch = pair.Initiator.Link.Epoch;
        var cutAt = pair.Now;
        pair.Network.IsCut = true;
        pair.Run(TimeSpan.FromSeconds(21));
        foreach (var end in new[] { pair.Initiator, pair.Responder })
        {
            var (reason, at) = Assert.Single(end.Consumer.Downs);
            Assert.Equal(LinkDownReason.Dead, reason);
            Assert.InRange(at - cutAt, TimeSpan.FromSeconds(19.5), TimeSpan.FromSeconds(20.5));
            Assert.Equal(LinkState.Connecting, end.Link.State);
            Assert.False(end.Link.TrySendControl("into nothing"u8));
        }

        pair.Network.IsCut = false;
        Assert.True(pair.RunUntil(() => pair.BothUp, TimeSpan.FromSeconds(5)));
        Assert.NotEqual(epoch, pair.Initiator.Link.Epoch);
    }

    [Fact]
    public void A_path_that_swallows_only_what_carries_data_is_not_mistaken_for_a_good_one()
    {
        // Less than any path may carry: acknowledgements and signs of life travel, TLPs do not.
        var pair = new LinkPair(33, NetworkFaults.None).Up();
        pair.Network.Faults = new NetworkFaults { MtuForth = 500, MtuBack = 500 };
        Assert.True(pair.Initiator.Link.TrySendTlp(0, 1, TlpClass.Posted, new byte[600]));
        Assert.True(pair.RunUntil(() => pair.Initiator.Consumer.Downs.Count > 0, TimeSpan.FromSeconds(25)));
        Assert.Equal(LinkDownReason.Dead, pair.Initiator.Consumer.Downs[0].Reason);
        pair.Run(TimeSpan.FromSeconds(10));
        Assert.False(pair.BothUp);
    }

    [Fact]
    public void An_idle_link_stays_up_on_little_traffic()
    {
        var pair = new LinkPair(34, NetworkFaults.None).Up();
        var frames = 0;
        pair.Network.Tap = _ => frames++;
        pair.Run(TimeSpan.FromSeconds(100));
        Assert.True(pair.BothUp);
        Assert.Empty(pair.Initiator.Consumer.Downs);
        Assert.InRange(frames, 900, 1100);
    }
}
