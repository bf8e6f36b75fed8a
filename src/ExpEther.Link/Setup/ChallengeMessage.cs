using System.Buffers.Binary;
using ExpEther.Link.Sealing;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Setup;

/// <summary>HELLO or CHALLENGE (docs/wire-format.md, "HELLO and CHALLENGE"): equally long, so that the answer is no longer than the question.</summary>
/// <param name="Nonce">HELLO: fresh. CHALLENGE: that of the HELLO or INIT it answers.</param>
/// <param name="Challenge">HELLO: zeros. CHALLENGE: what the next INIT must return.</param>
/// <param name="KnownEpoch">HELLO: 0. CHALLENGE: the epoch the responder is in; 0: none.</param>
internal sealed record ChallengeMessage(byte[] Nonce, byte[] Challenge, uint KnownEpoch)
{
    /// <summary>Reads a frame whose tag has been checked.</summary>
    /// <returns>Null: it has another length.</returns>
    public static ChallengeMessage? TryParse(ReadOnlySpan<byte> frame, int tagBytes) => frame.Length != ChallengeLayout.Bytes + tagBytes
        ? null
        : new ChallengeMessage(
            frame.Slice(ChallengeLayout.Nonce, SetupLayout.NonceBytes).ToArray(),
            frame.Slice(ChallengeLayout.Challenge, SetupLayout.ChallengeBytes).ToArray(),
            BinaryPrimitives.ReadUInt32LittleEndian(frame[ChallengeLayout.KnownEpoch..]));

    /// <returns>Bytes written, from the header's first to the tag's last.</returns>
    public int Write(FrameType type, SetupSeal seal, Span<byte> into)
    {
        var length = ChallengeLayout.Bytes + seal.TagBytes;
        new FrameHeader { Type = type, Flags = seal.IsSealed ? FrameFlags.Sealed : FrameFlags.None, Length = (ushort)length }.Write(into);
        Nonce.CopyTo(into[ChallengeLayout.Nonce..]);
        Challenge.CopyTo(into[ChallengeLayout.Challenge..]);
        BinaryPrimitives.WriteUInt32LittleEndian(into[ChallengeLayout.KnownEpoch..], KnownEpoch);
        into[ChallengeLayout.Reserved..ChallengeLayout.Bytes].Clear();
        seal.Close(into[..length]);
        return length;
    }
}
