using ExpEther.Link.Tests.Network;

namespace ExpEther.Link.Tests;

public class DeliveryTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_sent_over_a_bad_network_arrives_once_and_in_order_or_the_link_is_down(bool isSealed)
    {
        for (ulong seed = 1; seed <= 200; seed++)
        {
            var random = new SeededRandom(seed);
            var faults = new NetworkFaults
            {
                Loss = random.Next(25) / 100.0,
                Duplication = random.Next(20) / 100.0,
                Corruption = random.Next(10) / 100.0,
                Reordering = random.Next(30) / 100.0,
                Jitter = TimeSpan.FromMicroseconds(random.Next(500)),
            };
            var pair = new LinkPair(seed, faults, isSealed).Up();
            var forth = new Traffic(pair.Initiator, seed + 1000);
            var back = new Traffic(pair.Responder, seed + 2000);
            var done = pair.RunUntil(
                () =>
                {
                    forth.Send(300);
                    back.Send(300);
                    return pair.Responder.Consumer.Delivered.Count == 300 && pair.Initiator.Consumer.Delivered.Count == 300;
                },
                TimeSpan.FromSeconds(60));

            var wentDown = pair.Initiator.Consumer.Downs.Count + pair.Responder.Consumer.Downs.Count > 0;
            Assert.True(done || wentDown, $"seed {seed}: {pair.Responder.Consumer.Delivered.Count} and {pair.Initiator.Consumer.Delivered.Count} of 300");
            Assert.False(wentDown, $"seed {seed}: {string.Join(" | ", pair.Initiator.Events.Lines)}");
            forth.AssertIsWhatArrived(pair.Responder.Consumer, $"seed {seed}, forth");
            back.AssertIsWhatArrived(pair.Initiator.Consumer, $"seed {seed}, back");
        }
    }
}
