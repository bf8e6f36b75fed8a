using System.Buffers.Binary;
using CsCheck;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Sealing;
using ExpEther.Link.Tests.Network;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Tests;

/// <summary>What comes from outside is taken or refused; nothing of it throws, and nothing of it is delivered.</summary>
public class RefusalTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Any_bytes_at_a_live_link_are_dropped_and_counted(bool isSealed)
    {
        var pair = new LinkPair(5, NetworkFaults.None, isSealed).Up();
        pair.Run(TimeSpan.FromMilliseconds(10));
        var link = pair.Responder.Link;
        Gen.Select(Gen.Byte.Array[0, 300], Gen.Byte[0, 8], Gen.Byte[0, 3], Gen.Bool).Sample(
            (bytes, type, flags, ofEpoch) =>
            {
                if (bytes.Length >= FrameLayout.Bytes)
                {
                    Shape(bytes, type, flags, ofEpoch ? link.Epoch : null);
                }

                var before = link.Counters.FramesDropped;
                link.OnFrame(new ReceivedFrame(LinkPair.ResponderMac, LinkPair.InitiatorMac, LinkPair.Vlan, bytes), pair.Now);
                Assert.Equal(before + 1, link.Counters.FramesDropped);
            },
            iter: 20_000,
            threads: 1);

        Assert.Empty(pair.Responder.Consumer.Delivered);
        Assert.Empty(pair.Responder.Consumer.Downs);
        AssertStillWorks(pair);
    }

    [Fact]
    public void A_damaged_frame_of_a_sealed_link_is_dropped_wherever_it_is_damaged()
    {
        var pair = new LinkPair(6, NetworkFaults.None).Up();
        pair.Run(TimeSpan.FromMilliseconds(10));
        Assert.True(pair.Initiator.Link.TrySendControl("once"u8));
        var frame = new byte[1518];
        Assert.True(pair.Initiator.Link.TryTakeFrame(pair.Now, frame, out var written));
        for (var bit = 0; bit < (written - 18) * 8; bit++)
        {
            var damaged = frame.AsSpan(0, written).ToArray();
            damaged[18 + (bit / 8)] ^= (byte)(1 << (bit % 8));
            pair.Responder.Link.OnFrame(TaggedFrame.Read(damaged), pair.Now);
        }

        Assert.Empty(pair.Responder.Consumer.Delivered);
        Assert.Equal((written - 18) * 8, pair.Responder.Link.Counters.FramesDropped);
        pair.Responder.Link.OnFrame(TaggedFrame.Read(frame.AsSpan(0, written)), pair.Now);
        Assert.Single(pair.Responder.Consumer.Delivered);
    }

    /// <summary>Whoever can compute a CRC can speak on an unsealed link: it may end the epoch that way, but break nothing else.</summary>
    [Fact]
    public void Garbage_with_a_right_checksum_throws_nothing()
    {
        var pair = new LinkPair(7, NetworkFaults.None, isSealed: false);
        var (init, accept) = (Array.Empty<byte>(), Array.Empty<byte>());
        pair.Network.Tap = f =>
        {
            init = f[18 + FrameLayout.Type] == (byte)FrameType.Init ? Message(f) : init;
            accept = f[18 + FrameLayout.Type] == (byte)FrameType.Accept ? Message(f) : accept;
        };
        pair.Up();
        var frames = 0;
        ulong number = 1000;
        Gen.Select(Gen.Byte.Array[80, 300], Gen.Byte[0, 7], Gen.Byte[0, 4], Gen.ULong[0, 5], Gen.ULong[0, 3]).Sample(
            (bytes, type, kind, sequence, acknowledgement) =>
            {
                Shape(bytes, type, flags: 0, pair.Responder.Link.Epoch);
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(FrameLayout.FrameNumber), ++number);
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(FrameLayout.RecordSequence), sequence);
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(FrameLayout.Acknowledgement), acknowledgement);
                bytes[FrameLayout.Path] = 0;
                if (acknowledgement < 3)
                {
                    BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(FrameLayout.Acknowledgement), 0);
                    bytes.AsSpan(FrameLayout.SelectiveAck, SelectiveAck.Ranges * SackRange.Bytes).Clear();
                }

                bytes[FrameLayout.Bytes] = kind;
                bytes[FrameLayout.Bytes + 1] &= 3;
                BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(FrameLayout.Bytes + 2), (ushort)(bytes.Length - FrameLayout.Bytes - 4 - 4));
                byte[] begin = [.. KeySchedule.Transcript(LinkBinding.Of(pair.Responder.Link.Options), init, accept), 0];
                BinaryPrimitives.WriteUInt32LittleEndian(
                    bytes.AsSpan(bytes.Length - 4), ~Crc32C.Continue(Crc32C.Continue(Crc32C.Start, begin), bytes.AsSpan(0, bytes.Length - 4)));
                pair.Responder.Link.OnFrame(new ReceivedFrame(LinkPair.ResponderMac, LinkPair.InitiatorMac, LinkPair.Vlan, bytes), pair.Now);
                if (++frames % 20 == 0)
                {
                    pair.RunUntil(() => pair.BothUp, TimeSpan.FromSeconds(5));
                }
            },
            iter: 10_000,
            threads: 1);

        // The checksums were right: some of it was delivered, and some ended the epoch.
        Assert.NotEmpty(pair.Responder.Consumer.Delivered);
        Assert.NotEmpty(pair.Responder.Consumer.Downs);
        Assert.False(pair.Responder.Consumer.WasCalledWhileDown);
        Assert.True(pair.RunUntil(() => pair.BothUp, TimeSpan.FromSeconds(60)));
    }

    private static byte[] Message(byte[] frame)
    {
        var message = frame.AsSpan(18, SetupLayout.Bytes + frame[18 + SetupLayout.NameBytes]).ToArray();
        message.AsSpan(FrameLayout.Length, 2).Clear();
        return message;
    }

    private static void Shape(byte[] bytes, byte type, byte flags, uint? epoch)
    {
        bytes[FrameLayout.Version] = FrameLayout.CurrentVersion;
        bytes[FrameLayout.Type] = type;
        bytes[FrameLayout.Flags] = flags;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(FrameLayout.Length), (ushort)bytes.Length);
        if (epoch is not null)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(FrameLayout.Epoch), epoch.Value);
        }
    }

    private static void AssertStillWorks(LinkPair pair)
    {
        Assert.True(pair.Initiator.Link.TrySendControl("still here"u8));
        Assert.True(pair.RunUntil(() => pair.Responder.Consumer.Delivered.Count == 1, TimeSpan.FromSeconds(1)));
    }
}
