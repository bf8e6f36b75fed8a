using CsCheck;
using ExpEther.Link.Tests.Network;
using ExpEther.Link.Wire;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Link.Tests;

/// <summary>PCIe 5.0 §2.4.1 on the link: posted requests and completions pass stalled non-posted ones; nothing passes a posted request.</summary>
public class OrderingTests
{
    private static readonly CreditSet FewNonPosted = CreditSet.Default with { NonPostedHeaders = 2 };

    [Fact]
    public void A_stalled_non_posted_request_blocks_neither_posted_ones_nor_completions()
    {
        var pair = new LinkPair(41, NetworkFaults.None, adjust: o => o with { Credits = FewNonPosted, HoldsNonPostedCredit = true }).Up();
        var link = pair.Initiator.Link;
        for (byte i = 0; i < 100; i++)
        {
            Assert.True(link.TrySendTlp(0, 1, TlpClass.NonPosted, Tlp('n', i)));
            Assert.True(link.TrySendTlp(0, 1, TlpClass.Posted, Tlp('p', i)));
            Assert.True(link.TrySendTlp(0, 1, TlpClass.Completion, Tlp('c', i)));
        }

        pair.Run(TimeSpan.FromSeconds(1));
        var arrived = Names(pair.Responder);
        Assert.Equal(100, arrived.Count(n => n.Kind == 'p'));
        Assert.Equal(100, arrived.Count(n => n.Kind == 'c'));
        Assert.Equal([0, 1], arrived.Where(n => n.Kind == 'n').Select(n => n.Number));
        Assert.Equal(98, link.NonPostedWaiting);

        // Each credit that comes back lets one more go, in order.
        for (var i = 0; i < 98; i++)
        {
            pair.Responder.Link.ReturnNonPosted(16);
            pair.Run(TimeSpan.FromMilliseconds(1));
            Assert.Equal(i + 3, Names(pair.Responder).Count(n => n.Kind == 'n'));
        }

        Assert.Equal(Enumerable.Range(0, 100), Names(pair.Responder).Where(n => n.Kind == 'n').Select(n => (int)n.Number));
        Assert.Equal(0, link.NonPostedWaiting);
    }

    [Fact]
    public void A_request_sent_in_answer_to_the_frame_that_brings_credit_still_waits_its_turn()
    {
        var pair = new LinkPair(42, NetworkFaults.None, adjust: o => o with { Credits = FewNonPosted, HoldsNonPostedCredit = true }).Up();
        for (byte i = 0; i < 4; i++)
        {
            Assert.True(pair.Initiator.Link.TrySendTlp(0, 1, TlpClass.NonPosted, Tlp('n', i)));
        }

        pair.Run(TimeSpan.FromMilliseconds(10));
        pair.Initiator.Consumer.TlpSeen = (link, _, _) => Assert.True(link.TrySendTlp(0, 1, TlpClass.NonPosted, Tlp('n', 4)));
        for (var i = 0; i < 3; i++)
        {
            pair.Responder.Link.ReturnNonPosted(16);
        }

        Assert.True(pair.Responder.Link.TrySendTlp(0, 1, TlpClass.Completion, Tlp('c', 0)));
        pair.Run(TimeSpan.FromMilliseconds(10));
        Assert.Equal([0, 1, 2, 3, 4], Names(pair.Responder).Select(n => n.Number));
    }

    [Fact]
    public void Nothing_ever_passes_a_posted_request_and_each_class_keeps_its_order() =>
        Gen.Select(Gen.ULong[1, 1000], Gen.Int[0, 3].Array[1, 150]).Sample(
            (seed, kinds) =>
            {
                var pair = new LinkPair(
                    seed,
                    new NetworkFaults { Loss = 0.1, Reordering = 0.2, Duplication = 0.1 },
                    isSealed: false,
                    o => o with { Credits = FewNonPosted }).Up();
                List<(char Kind, byte Number)> sent = [];
                for (byte i = 0; i < kinds.Length; i++)
                {
                    var kind = "pncm"[kinds[i]];
                    var c = kind == 'n' ? TlpClass.NonPosted : kind == 'c' ? TlpClass.Completion : TlpClass.Posted;
                    Assert.True(kind == 'm' ? pair.Initiator.Link.TrySendControl(Tlp(kind, i)) : pair.Initiator.Link.TrySendTlp(0, 1, c, Tlp(kind, i)));
                    sent.Add((kind, i));
                }

                Assert.True(pair.RunUntil(() => pair.Responder.Consumer.Delivered.Count == sent.Count, TimeSpan.FromSeconds(20)));
                var arrived = Names(pair.Responder);
                Assert.Equal(sent.Where(s => s.Kind != 'n'), arrived.Where(s => s.Kind != 'n'));
                Assert.Equal(sent.Where(s => s.Kind == 'n'), arrived.Where(s => s.Kind == 'n'));
                foreach (var posted in sent.Where(s => s.Kind is 'p' or 'm'))
                {
                    var place = arrived.IndexOf(posted);
                    Assert.DoesNotContain(arrived.Take(place), a => a.Number > posted.Number);
                }
            },
            iter: 100,
            threads: 1);

    [Fact]
    public void Posted_requests_and_completions_stop_at_their_credit_and_go_on_with_it()
    {
        var pair = new LinkPair(
            43, NetworkFaults.None, adjust: o => o with { Credits = CreditSet.Default with { PostedHeaders = 3, CompletionData = 70 } }).Up();
        var link = pair.Initiator.Link;
        for (byte i = 0; i < 3; i++)
        {
            Assert.True(link.HasRoom(TlpClass.Posted));
            Assert.True(link.TrySendTlp(0, 1, TlpClass.Posted, Tlp('p', i)));
        }

        Assert.False(link.HasRoom(TlpClass.Posted));
        Assert.False(link.TrySendTlp(0, 1, TlpClass.Posted, Tlp('p', 3)));
        Assert.True(link.TrySendTlp(0, 1, TlpClass.Completion, new byte[12 + 1024]));
        Assert.False(link.HasRoom(TlpClass.Completion));
        Assert.True(link.HasRoom(TlpClass.NonPosted));
        Assert.True(pair.RunUntil(() => link.HasRoom(TlpClass.Posted) && link.HasRoom(TlpClass.Completion), TimeSpan.FromMilliseconds(5)));
    }

    [Fact]
    public void Control_messages_get_through_when_TLPs_no_longer_do()
    {
        var pair = new LinkPair(44, NetworkFaults.None).Up();
        pair.Network.IsCut = true;
        while (pair.Initiator.Link.TrySendTlp(0, 1, TlpClass.Posted, new byte[1000])
            || pair.Initiator.Link.TrySendTlp(0, 1, TlpClass.Completion, new byte[1000]))
        {
        }

        Assert.True(pair.Initiator.Link.TrySendControl(new byte[LinkLimits.ControlBytesMax]));
    }

    [Fact]
    public void Several_TLPs_share_a_frame_and_a_hint_travels_once()
    {
        var pair = new LinkPair(45, NetworkFaults.None).Up();
        pair.Run(TimeSpan.FromMilliseconds(10));
        var frames = 0;
        pair.Network.Tap = _ => frames++;
        for (byte i = 0; i < 40; i++)
        {
            Assert.True(pair.Initiator.Link.TrySendTlp(0, 1, TlpClass.Posted, Tlp('p', i)));
        }

        pair.Initiator.Link.SendHint("older"u8);
        pair.Initiator.Link.SendHint("newer"u8);
        pair.Run(TimeSpan.FromMilliseconds(5));
        Assert.Equal(40, pair.Responder.Consumer.Delivered.Count);
        Assert.Equal("newer"u8.ToArray(), Assert.Single(pair.Responder.Consumer.Hints));
        Assert.Equal(2, frames);
    }

    private static byte[] Tlp(char kind, byte number) => [(byte)kind, number, .. new byte[14]];

    private static List<(char Kind, byte Number)> Names(LinkEnd end) => [.. end.Consumer.Delivered.Select(d => ((char)d.Bytes[0], d.Bytes[1]))];
}
