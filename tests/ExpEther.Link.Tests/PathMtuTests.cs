using CsCheck;
using ExpEther.Link.Sealing;
using ExpEther.Link.Setup;
using ExpEther.Link.Tests.Network;
using ExpEther.Link.Wire;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Link.Tests;

/// <summary>Set-up finds what the path carries both ways; an epoch notices when it comes to carry less.</summary>
public class PathMtuTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly int[] Ladder = [8934, 4240, 1500, 1434, 1334, 1214, 1024];

    [Theory]
    [InlineData(9000, 9000, 9000, 9000, 9000)]
    [InlineData(9000, 9000, 8999, 8999, 8934)]
    [InlineData(9000, 9000, 1500, 9000, 1500)]
    [InlineData(9000, 9000, 9000, 1500, 1500)]
    [InlineData(8934, 8934, 1234, 1214, 1214)]
    [InlineData(9000, 2000, 9000, 9000, 2000)]
    [InlineData(2000, 9000, 9000, 9000, 2000)]
    [InlineData(9000, 2000, 1600, 1600, 1500)]
    [InlineData(1024, 9000, 1024, 1024, 1024)]
    public void The_epochs_MTU_is_the_largest_tried_that_passes_both_ways(int initiator, int responder, int forth, int back, int found)
    {
        var pair = Pair(1, new NetworkFaults { MtuForth = forth, MtuBack = back }, initiator, responder).Up();

        Assert.Equal((found, found), (pair.Initiator.Link.MtuBytes, pair.Responder.Link.MtuBytes));
        Assert.Equal((MaxPayload.ForMtu(found), MaxPayload.ForMtu(found)), (pair.Initiator.Link.MaxPayloadBytes, pair.Responder.Link.MaxPayloadBytes));
        AssertCarries(pair, 1);
    }

    [Fact]
    public void Where_the_largest_passes_set_up_takes_one_INIT_and_one_ACCEPT()
    {
        var pair = Pair(2, NetworkFaults.None, 9000, 9000);
        var lengths = new List<(byte Type, int Bytes)>();
        pair.Network.Tap = f => lengths.Add((f[18 + FrameLayout.Type], f.Length - 18));
        pair.Up();
        pair.Run(5 * Second);

        Assert.Equal(
            [((byte)FrameType.Init, 9000), ((byte)FrameType.Accept, 9000)], lengths.Where(l => l.Type is (byte)FrameType.Init or (byte)FrameType.Accept));
    }

    [Fact]
    public void Any_path_converges_on_what_it_carries_or_less_by_bad_luck_and_both_ends_agree() =>
        Gen.Select(Gen.ULong[1, 1_000_000], Gen.Int[1024, 9100], Gen.Int[1024, 9100], Gen.Int[1024, 9000], Gen.Int[1024, 9000], Gen.Int[0, 30]).Sample(
            (seed, forth, back, initiator, responder, lossPercent) =>
            {
                var faults = new NetworkFaults
                {
                    Loss = lossPercent / 100.0, Duplication = 0.2, Reordering = 0.3, HoldMax = TimeSpan.FromMilliseconds(30), MtuForth = forth, MtuBack = back,
                };
                var pair = Pair(seed, faults, initiator, responder);
                var tap = new WireTap(LinkPair.Key, pair.Scalars);
                pair.Network.Tap = tap.OnFrame;
                pair.Up();
                Assert.True(pair.RunUntil(() => pair.BothUp && pair.Initiator.Link.Epoch == pair.Responder.Link.Epoch, 30 * Second));

                var best = Math.Min(initiator, responder);
                best = best <= Math.Min(forth, back) ? best : Ladder.First(l => l <= Math.Min(forth, back));
                Assert.Equal(pair.Initiator.Link.MtuBytes, pair.Responder.Link.MtuBytes);
                Assert.InRange(pair.Initiator.Link.MtuBytes, LinkLimits.MtuBytesMin, best);
                if (lossPercent == 0)
                {
                    Assert.Equal(best, pair.Initiator.Link.MtuBytes);
                }

                AssertCarries(pair, seed);
                Assert.Null(tap.Repeated);
            },
            iter: 150);

    [Fact]
    public void One_lost_frame_does_not_pass_for_a_small_path()
    {
        // The largest INIT or its ACCEPT is lost once; what is smaller arrives.
        foreach (var type in new[] { FrameType.Init, FrameType.Accept })
        {
            var pair = Pair(3, NetworkFaults.None, 9000, 9000);
            var lost = 0;
            pair.Network.Drop = f => f[18 + FrameLayout.Type] == (byte)type && f.Length == 9018 && lost++ == 0;
            pair.Up();

            Assert.True(lost > 1);
            Assert.Equal((9000, 9000), (pair.Initiator.Link.MtuBytes, pair.Responder.Link.MtuBytes));
        }
    }

    [Fact]
    public void All_sizes_of_an_attempt_are_one_pending_session_and_each_is_answered_by_as_many_bytes()
    {
        var pair = Pair(4, new NetworkFaults { MtuForth = 1000 }, 9000, 9000);
        var inits = new List<byte[]>();
        pair.Network.Tap = f =>
        {
            if (f[18 + FrameLayout.Type] == (byte)FrameType.Init)
            {
                inits.Add(f);
            }
        };
        pair.Open();
        pair.Run(TimeSpan.FromMilliseconds(50));
        Assert.Equal([9000, .. Ladder], inits.Select(i => i.Length - 18));

        var link = pair.Responder.Link;
        var answers = new List<byte[]>();
        var room = new byte[9100];
        byte[][] shuffled = [.. inits.OrderBy(i => i.Length * 7919 % 1009), .. inits, inits[3]];
        foreach (var init in shuffled)
        {
            link.OnFrame(TaggedFrame.Read(init), pair.Now);
        }

        while (link.TryTakeFrame(pair.Now, room, out var written))
        {
            answers.Add(room[..written]);
        }

        Assert.All(answers, a => Assert.Equal((byte)FrameType.Accept, a[18 + FrameLayout.Type]));
        Assert.Equal(inits.Select(i => i.Length).Order(), answers.Select(a => a.Length).Order());

        // One answer, but for its length: one pair of keys.
        Assert.Single(answers.Select(a => Convert.ToHexString(a.AsSpan(18 + FrameLayout.EchoDelay, 700))).Distinct());
        Assert.False(inits[0].AsSpan(18 + SetupLayout.PublicKey, 64).SequenceEqual(answers[0].AsSpan(18 + SetupLayout.PublicKey, 64)));
    }

    [Theory]
    [InlineData(1023, 0, false)]
    [InlineData(1024, 0, true)]
    [InlineData(1024, 1, false)]
    public void An_INIT_shorter_than_any_path_carries_or_with_something_in_its_padding_is_malformed(int bytes, byte inPadding, bool isAnswered)
    {
        var pair = Pair(5, NetworkFaults.None, 1500, 1500);
        var options = pair.OptionsFor(LinkRole.Initiator);
        var seal = new SetupSeal(options);
        var frame = new byte[1500];
        SetupMessage.Make(FrameType.Init, true, new byte[16], new byte[16], new byte[64], 0, 0, SetupParameters.Of(options)).Write(1024, seal, frame);
        frame[FrameLayout.Length] = (byte)bytes;
        frame[FrameLayout.Length + 1] = (byte)(bytes >> 8);
        frame[bytes - seal.TagBytes - 1] = inPadding;
        seal.Close(frame.AsSpan(0, bytes));
        pair.Responder.Link.Open(pair.Now);
        pair.Responder.Link.OnFrame(new(LinkPair.ResponderMac, LinkPair.InitiatorMac, LinkPair.Vlan, frame.AsSpan(0, bytes)), pair.Now);

        Assert.Equal(isAnswered, pair.Responder.Link.TryTakeFrame(pair.Now, frame, out _));
        Assert.Equal(isAnswered ? 0 : 1, pair.Responder.Link.Counters.Dropped(FrameDrop.Malformed));
        Assert.Equal(isAnswered ? 1 : 0, pair.Responder.Link.Counters.Dropped(FrameDrop.UnexpectedSetup));
    }

    [Fact]
    public void A_path_that_comes_to_carry_less_than_a_frame_but_more_than_a_TLP_costs_a_pause_and_nothing_else()
    {
        foreach (var isForth in new[] { true, false })
        {
            var pair = Pair(6, NetworkFaults.None, 1500, 1500).Up();
            Assert.Equal((1500, 1024), (pair.Initiator.Link.MtuBytes, pair.Initiator.Link.MaxPayloadBytes));
            pair.Network.Faults = isForth ? new NetworkFaults { MtuForth = 1280 } : new NetworkFaults { MtuBack = 1280 };
            var from = isForth ? pair.Initiator : pair.Responder;
            AssertCarries(pair, 6);

            Assert.Equal((1, 1500, 1168), (from.Link.Counters.PathShrinks, from.Link.MtuBytes, from.Link.FrameBytesMax));
            Assert.Contains(from.Events.Lines, l => l.Contains("no longer carries frames of 1500 bytes", StringComparison.Ordinal));
            Assert.Empty(pair.Initiator.Consumer.Downs);
            Assert.Empty(pair.Responder.Consumer.Downs);
        }
    }

    [Fact]
    public void A_path_that_no_longer_carries_a_TLP_ends_the_epoch_long_before_it_would_be_dead_and_the_next_one_fits()
    {
        var pair = Pair(7, NetworkFaults.None, 9000, 9000).Up();
        Assert.Equal(4096, pair.Initiator.Link.MaxPayloadBytes);
        pair.Network.Faults = new NetworkFaults { MtuForth = 1500, MtuBack = 1500 };
        var since = pair.Now;
        Assert.True(pair.Initiator.Link.TrySendTlp(1, 1, TlpClass.Posted, new byte[4116]));

        Assert.True(pair.RunUntil(() => pair.Initiator.Consumer.Downs.Count == 1 && pair.Responder.Consumer.Downs.Count == 1, 20 * Second));
        var (reason, at) = pair.Initiator.Consumer.Downs[0];
        Assert.Equal((LinkDownReason.PathShrank, LinkDownReason.PeerReset), (reason, pair.Responder.Consumer.Downs[0].Reason));
        Assert.InRange(at - since, 4 * Second, 10 * Second);
        Assert.True(pair.RunUntil(() => pair.BothUp, 5 * Second));
        Assert.Equal((1500, 1024), (pair.Initiator.Link.MtuBytes, pair.Responder.Link.MaxPayloadBytes));
        Assert.Empty(pair.Responder.Consumer.Delivered);
        AssertCarries(pair, 7);
    }

    [Fact]
    public void A_path_that_is_small_for_a_moment_only_delivers_everything()
    {
        var pair = Pair(8, NetworkFaults.None, 9000, 9000).Up();
        pair.Network.Faults = new NetworkFaults { MtuForth = 1500, MtuBack = 1500 };
        Assert.True(pair.Initiator.Link.TrySendTlp(1, 1, TlpClass.Posted, new byte[4116]));
        pair.Run(3 * Second);
        pair.Network.Faults = NetworkFaults.None;

        Assert.True(pair.RunUntil(() => pair.Responder.Consumer.Delivered.Count == 1, Second));
        Assert.Empty(pair.Initiator.Consumer.Downs);
    }

    [Fact]
    public void Silence_and_loss_of_frames_of_every_size_are_no_smaller_path()
    {
        var pair = Pair(9, NetworkFaults.None, 9000, 9000).Up();
        Assert.True(pair.Initiator.Link.TrySendTlp(1, 1, TlpClass.Posted, new byte[4116]));
        pair.Network.IsCut = true;
        pair.Run(15 * Second);
        pair.Network.IsCut = false;
        Assert.True(pair.RunUntil(() => pair.Responder.Consumer.Delivered.Count == 1, Second));
        Assert.Equal(0, pair.Initiator.Link.Counters.PathShrinks);

        pair.Network.Faults = new NetworkFaults { Loss = 0.3 };
        var traffic = new Traffic(pair.Initiator, 9);
        pair.Responder.Consumer.Delivered.Clear();
        Assert.True(pair.RunUntil(
            () =>
            {
                traffic.Send(2000);
                return pair.Responder.Consumer.Delivered.Count == 2000;
            },
            120 * Second));
        Assert.Empty(pair.Initiator.Consumer.Downs);
    }

    /// <summary>Traffic of all sizes goes both ways, whole and in order, in frames no longer than agreed.</summary>
    private static void AssertCarries(LinkPair pair, ulong seed)
    {
        pair.Initiator.Consumer.Delivered.Clear();
        pair.Responder.Consumer.Delivered.Clear();
        var (forth, back) = (new Traffic(pair.Initiator, seed), new Traffic(pair.Responder, seed + 1));
        var (mtu, longest, tap) = (pair.Initiator.Link.MtuBytes, 0, pair.Network.Tap);
        pair.Network.Tap = f =>
        {
            tap?.Invoke(f);
            longest = Math.Max(longest, f[18 + FrameLayout.Type] == (byte)FrameType.Data ? f.Length - 18 : 0);
        };
        Assert.True(
            pair.RunUntil(
                () =>
                {
                    forth.Send(300);
                    back.Send(300);
                    return pair.Responder.Consumer.Delivered.Count == 300 && pair.Initiator.Consumer.Delivered.Count == 300;
                },
                30 * Second),
            $"seed {seed}: {pair.Responder.Consumer.Delivered.Count} and {pair.Initiator.Consumer.Delivered.Count} of 300 arrived");
        forth.AssertIsWhatArrived(pair.Responder.Consumer, $"seed {seed}, forth");
        back.AssertIsWhatArrived(pair.Initiator.Consumer, $"seed {seed}, back");
        Assert.InRange(longest, 1, mtu);
    }

    private static LinkPair Pair(ulong seed, NetworkFaults faults, int initiator, int responder) =>
        new(seed, faults, adjust: o => o with { MtuBytes = o.Role == LinkRole.Initiator ? initiator : responder });
}
