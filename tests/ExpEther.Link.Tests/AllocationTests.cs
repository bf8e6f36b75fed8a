using ExpEther.Core.Time;
using ExpEther.Link.Tests.Network;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Link.Tests;

public class AllocationTests
{
    private sealed class CountingConsumer : ILinkConsumer
    {
        public long Bytes { get; private set; }

        public void OnTlp(EtherLink link, ushort function, ulong generation, ReadOnlySpan<byte> tlp, Instant now) => Bytes += tlp.Length;

        public void OnControl(EtherLink link, ReadOnlySpan<byte> message, Instant now)
        {
        }

        public void OnUp(EtherLink link, Instant now)
        {
        }

        public void OnDown(EtherLink link, LinkDownReason reason, Instant now)
        {
        }
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 0)]
    [InlineData(true, 7)]
    [InlineData(false, 7)]
    public void TLPs_cost_no_allocation_in_steady_state(bool isSealed, int loseEvery)
    {
        var pair = new LinkPair(1, NetworkFaults.None, isSealed);
        var a = new CountingConsumer();
        var b = new CountingConsumer();
        using var initiator = new EtherLink(pair.OptionsFor(LinkRole.Initiator), a, new SeededRandom(1), new RecordingSink());
        using var responder = new EtherLink(pair.OptionsFor(LinkRole.Responder), b, new SeededRandom(2), new RecordingSink());
        var room = new byte[1518];
        var tlp = new byte[1036];
        var frames = 0;
        var now = Instant.Zero + TimeSpan.FromSeconds(1);
        responder.Open(now);
        initiator.Open(now);

        void Turns(int turns)
        {
            for (var i = 0; i < turns; i++)
            {
                now += TimeSpan.FromMicroseconds(50);
                initiator.TrySendTlp(1, 2, TlpClass.Posted, tlp);
                initiator.TrySendTlp(1, 2, TlpClass.NonPosted, tlp.AsSpan(0, 16));
                responder.TrySendTlp(1, 2, TlpClass.Completion, tlp);
                initiator.OnTime(now);
                responder.OnTime(now);
                Move(initiator, responder);
                Move(responder, initiator);
                _ = initiator.NextDeadline;
            }
        }

        void Move(EtherLink from, EtherLink to)
        {
            while (from.TryTakeFrame(now, room, out var written))
            {
                if (loseEvery == 0 || ++frames % loseEvery != 0)
                {
                    to.OnFrame(TaggedFrame.Read(room.AsSpan(0, written)), now);
                }
            }
        }

        Turns(5000);
        Assert.Equal(LinkState.Up, initiator.State);
        Assert.Equal(LinkState.Up, responder.State);
        // The runtime's own doings (tiered code) may fall into a round; what a TLP cost would fall into every one.
        var allocatedMin = long.MaxValue;
        for (var round = 0; round < 5 && allocatedMin != 0; round++)
        {
            var bytesBefore = b.Bytes;
            var before = GC.GetAllocatedBytesForCurrentThread();
            Turns(2000);
            allocatedMin = Math.Min(allocatedMin, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.True(b.Bytes - bytesBefore > 1_000_000);
        }

        Assert.Equal(0, allocatedMin);
        Assert.True(loseEvery == 0 || initiator.Counters.FramesRetransmitted > 100);
    }
}
