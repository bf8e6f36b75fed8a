using ExpEther.Link.Sealing;
using ExpEther.Link.Tests.Network;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Tests;

/// <summary>Keys are changed by time and by count, without a word and without a record lost.</summary>
public class KeyPhaseTests
{
    private const ulong Border = 1UL << LinkLimits.KeyPhaseFrameBits;

    [Fact]
    public void Keys_change_with_time_on_a_bad_network_and_everything_arrives_once()
    {
        for (ulong seed = 1; seed <= 10; seed++)
        {
            var pair = new LinkPair(
                seed, new NetworkFaults { Loss = 0.1, Duplication = 0.1, Reordering = 0.3 }, adjust: o => o with { KeyPhase = TimeSpan.FromMicroseconds(300) });
            var tap = new WireTap(LinkPair.Key, pair.Scalars);
            pair.Network.Tap = tap.OnFrame;
            pair.Up();
            var (forth, back) = (new Traffic(pair.Initiator, seed), new Traffic(pair.Responder, seed + 1));
            Assert.True(pair.RunUntil(
                () =>
                {
                    forth.Send(2000);
                    back.Send(2000);
                    return pair.Responder.Consumer.Delivered.Count == 2000 && pair.Initiator.Consumer.Delivered.Count == 2000;
                },
                TimeSpan.FromSeconds(60)));

            forth.AssertIsWhatArrived(pair.Responder.Consumer, $"seed {seed}, forth");
            back.AssertIsWhatArrived(pair.Initiator.Consumer, $"seed {seed}, back");
            Assert.Empty(pair.Initiator.Consumer.Downs);
            Assert.Empty(pair.Responder.Consumer.Downs);
            Assert.True(tap.PhasesSeen >= 3, $"seed {seed}: only {tap.PhasesSeen} changes");
            Assert.Null(tap.Repeated);
        }
    }

    [Fact]
    public void A_silence_longer_than_many_phases_leaves_both_sides_with_keys_that_fit()
    {
        var pair = new LinkPair(4, NetworkFaults.None, adjust: o => o with { KeyPhase = TimeSpan.FromSeconds(1) }).Up();
        pair.Run(TimeSpan.FromSeconds(5));
        pair.Network.IsCut = true;
        pair.Run(TimeSpan.FromSeconds(15));
        pair.Network.IsCut = false;
        Assert.True(pair.Initiator.Link.TrySendControl("after"u8));
        Assert.True(pair.RunUntil(() => pair.Responder.Consumer.Delivered.Count == 1, TimeSpan.FromSeconds(1)));
        Assert.Empty(pair.Initiator.Consumer.Downs);
        Assert.Empty(pair.Responder.Consumer.Downs);
    }

    [Fact]
    public void An_idle_link_changes_its_keys_too()
    {
        var pair = new LinkPair(3, NetworkFaults.None);
        var tap = new WireTap(LinkPair.Key, pair.Scalars);
        pair.Network.Tap = tap.OnFrame;
        pair.Up().Run(TimeSpan.FromMinutes(10));

        Assert.Equal(LinkState.Up, pair.Initiator.Link.State);
        Assert.InRange(tap.PhasesSeen, 4UL, 5UL);
        Assert.Equal(1, tap.EpochsSeen);
    }

    [Fact]
    public void A_frame_number_has_one_key_and_the_key_before_it_is_gone()
    {
        var ciphers = new CountedCiphers();
        using var sender = Seal.WithSecrets(Bytes(1), Bytes(2), ciphers);
        using var receiver = Seal.WithSecrets(Bytes(2), Bytes(1), ciphers);
        var (last, first, later) = (Frame(sender, Border - 1), Frame(sender, Border), Frame(sender, Border + 1));

        Assert.True(Opens(receiver, Border - 1, last));
        Assert.True(Opens(receiver, Border + 1, later));
        Assert.True(Opens(receiver, Border, first));
        Assert.False(Opens(receiver, Border - 1, last));
        Assert.Equal(1UL, receiver.ReceivePhase);

        // Two directions at each end, and the next key of one of them at each: six made, two gone.
        Assert.Equal((6, 2), (ciphers.Made, ciphers.Gone));
    }

    [Fact]
    public void Forged_frames_of_the_next_phase_cost_one_key_and_change_nothing()
    {
        var ciphers = new CountedCiphers();
        using var receiver = Seal.WithSecrets(Bytes(2), Bytes(1), ciphers);
        for (ulong i = 0; i < 1000; i++)
        {
            Assert.False(Opens(receiver, Border + i, new byte[FrameLayout.Bytes + 40]));
            Assert.False(Opens(receiver, (Border * 2) + i, new byte[FrameLayout.Bytes + 40]));
        }

        Assert.Equal(0UL, receiver.ReceivePhase);
        Assert.Equal(3, ciphers.Made);
    }

    private static byte[] Frame(Seal seal, ulong number)
    {
        var frame = new byte[FrameLayout.Bytes + 24 + Seal.GcmTagBytes];
        seal.Close(0, number, frame);
        return frame;
    }

    private static bool Opens(Seal seal, ulong number, byte[] frame) => seal.TryOpen(0, number, frame, new byte[100], out _);

    private static byte[] Bytes(byte value) => [.. Enumerable.Repeat(value, 32)];

    private sealed class CountedCiphers : ICipherProvider
    {
        public int Made { get; private set; }

        public int Gone { get; private set; }

        public IFrameCipher Make(ReadOnlySpan<byte> key)
        {
            Made++;
            return new Counted(AesGcmProvider.Instance.Make(key), this);
        }

        private sealed class Counted(IFrameCipher inner, CountedCiphers all) : IFrameCipher
        {
            public void Encrypt(ReadOnlySpan<byte> nonce, Span<byte> records, Span<byte> tag, ReadOnlySpan<byte> header) =>
                inner.Encrypt(nonce, records, tag, header);

            public bool TryDecrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> records, ReadOnlySpan<byte> tag, Span<byte> plain, ReadOnlySpan<byte> header) =>
                inner.TryDecrypt(nonce, records, tag, plain, header);

            public void Dispose()
            {
                all.Gone++;
                inner.Dispose();
            }
        }
    }
}
