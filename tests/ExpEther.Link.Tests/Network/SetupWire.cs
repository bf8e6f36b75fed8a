using ExpEther.Link.Wire;

namespace ExpEther.Link.Tests.Network;

/// <summary>Two links whose set-up frames the test carries by hand: it may keep, repeat and exchange them.</summary>
public sealed class SetupWire
{
    private readonly byte[] _room = new byte[9100];

    public SetupWire(ulong seed, bool isSealed = true, Func<LinkOptions, LinkOptions>? adjust = null)
    {
        Pair = new LinkPair(seed, NetworkFaults.None, isSealed, adjust);
        Pair.Open();
    }

    public LinkPair Pair { get; }

    /// <summary>The HELLO that the initiator has to send.</summary>
    public byte[] Hello() => Take(Pair.Initiator, FrameType.Hello) ?? throw new InvalidOperationException("no HELLO is due");

    /// <summary>Hands a frame to the responder.</summary>
    /// <returns>Its answer of the type, or null. Other frames that were due are lost.</returns>
    public byte[]? ToResponder(byte[] frame, FrameType answer) => Hand(Pair.Responder, frame, answer);

    /// <inheritdoc cref="ToResponder"/>
    public byte[]? ToInitiator(byte[] frame, FrameType answer) => Hand(Pair.Initiator, frame, answer);

    /// <summary>Takes all frames that an end has to send.</summary>
    public List<byte[]> TakeAll(LinkEnd end)
    {
        var frames = new List<byte[]>();
        while (end.Link.TryTakeFrame(Pair.Now, _room, out var written))
        {
            frames.Add(_room[..written]);
        }

        return frames;
    }

    private byte[]? Hand(LinkEnd end, byte[] frame, FrameType answer)
    {
        end.Link.OnFrame(TaggedFrame.Read(frame), Pair.Now);
        return Take(end, answer);
    }

    private byte[]? Take(LinkEnd end, FrameType type) => TakeAll(end).Find(f => f[18 + FrameLayout.Type] == (byte)type);
}
