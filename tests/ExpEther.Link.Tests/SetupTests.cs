using ExpEther.Link.Tests.Network;

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
}
