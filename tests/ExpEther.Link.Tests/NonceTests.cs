using ExpEther.Link.Tests.Network;

namespace ExpEther.Link.Tests;

public class NonceTests
{
    [Fact]
    public void No_nonce_is_used_twice_under_a_key_through_losses_restarts_and_closings()
    {
        var opened = 0;
        long again = 0;
        for (ulong seed = 1; seed <= 40; seed++)
        {
            var pair = new LinkPair(
                seed, new NetworkFaults { Loss = 0.2, Duplication = 0.3, Reordering = 0.3, Corruption = 0.05, HoldMax = TimeSpan.FromMilliseconds(300) });
            var tap = new WireTap(LinkPair.Key, pair.Scalars);
            pair.Network.Tap = tap.OnFrame;
            pair.Up();
            for (var life = 0; life < 4; life++)
            {
                var forth = new Traffic(pair.Initiator, seed);
                var back = new Traffic(pair.Responder, seed + 1);
                pair.RunUntil(
                    () =>
                    {
                        forth.Send(60);
                        back.Send(60);
                        return false;
                    },
                    TimeSpan.FromMilliseconds(200));
                again += pair.Initiator.Link.Counters.FramesRetransmitted;
                if (life == 1)
                {
                    pair.Responder.Link.Close(LinkDownReason.Closed, pair.Now);
                    pair.Run(TimeSpan.FromMilliseconds(300));
                    pair.Responder.Link.Open(pair.Now);
                }
                else
                {
                    pair.Restart(life == 0 ? LinkRole.Initiator : LinkRole.Responder);
                }

                pair.RunUntil(() => pair.BothUp, TimeSpan.FromSeconds(60));
            }

            Assert.Null(tap.Repeated);
            Assert.True(tap.EpochsSeen >= 4, $"seed {seed}: only {tap.EpochsSeen} epochs");
            opened += tap.FramesOpened;
        }

        Assert.True(opened > 2000 && again > 100, $"too little happened: {opened} frames, {again} of them again");
    }
}
