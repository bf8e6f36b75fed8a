using System.Buffers.Binary;
using System.Text;
using ExpEther.Link.Sealing;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Setup;

/// <summary>
/// INIT or ACCEPT, authentic and with fields that can be (docs/wire-format.md, "INIT and ACCEPT"). One message goes out in frames of several
/// lengths: what it says, <see cref="Bytes"/>, is the same in all of them.
/// </summary>
internal sealed class SetupMessage
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: false);

    private SetupMessage(byte[] bytes) => Bytes = bytes;

    /// <summary>From Version to the name's end, with Length as 0: what the transcript covers.</summary>
    public byte[] Bytes { get; }

    public ReadOnlySpan<byte> Nonce => Bytes.AsSpan(SetupLayout.Nonce, SetupLayout.NonceBytes);

    public ReadOnlySpan<byte> Challenge => Bytes.AsSpan(SetupLayout.Challenge, SetupLayout.ChallengeBytes);

    public ReadOnlySpan<byte> PublicKey => Bytes.AsSpan(SetupLayout.PublicKey, SetupLayout.PublicKeyBytes);

    /// <summary>ACCEPT: the epoch proposed. INIT: 0.</summary>
    public uint Epoch => BinaryPrimitives.ReadUInt32LittleEndian(Bytes.AsSpan(FrameLayout.Epoch));

    /// <summary>INIT: the last epoch the initiator was in, 0: none. ACCEPT: 0.</summary>
    public uint KnownEpoch => BinaryPrimitives.ReadUInt32LittleEndian(Bytes.AsSpan(SetupLayout.KnownEpoch));

    public bool SpeaksOurVersion =>
        Bytes[SetupLayout.VersionMin] <= FrameLayout.CurrentVersion && Bytes[SetupLayout.VersionMax] >= FrameLayout.CurrentVersion;

    public SetupParameters Parameters { get; private init; } = null!;

    /// <param name="type">INIT or ACCEPT.</param>
    /// <param name="isSealed">The form.</param>
    /// <param name="nonce">INIT: fresh. ACCEPT: that of the INIT.</param>
    /// <param name="challenge">INIT: the responder's. ACCEPT: the same.</param>
    /// <param name="publicKey">The sender's ephemeral key; null in the unsealed form.</param>
    /// <param name="epoch">As <see cref="Epoch"/>.</param>
    /// <param name="knownEpoch">As <see cref="KnownEpoch"/>.</param>
    /// <param name="parameters">The sender's.</param>
    public static SetupMessage Make(
        FrameType type, bool isSealed, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> challenge, byte[]? publicKey, uint epoch, uint knownEpoch,
        SetupParameters parameters)
    {
        var nameBytes = Utf8.GetByteCount(parameters.Name);
        Check.That(nameBytes <= LinkLimits.NameBytesMax);
        var bytes = new byte[SetupLayout.Bytes + nameBytes];
        new FrameHeader { Type = type, Flags = isSealed ? FrameFlags.Sealed : FrameFlags.None, Length = 0, Epoch = epoch }.Write(bytes);
        nonce.CopyTo(bytes.AsSpan(SetupLayout.Nonce));
        challenge.CopyTo(bytes.AsSpan(SetupLayout.Challenge));
        publicKey?.CopyTo(bytes, SetupLayout.PublicKey);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(SetupLayout.Incarnation), parameters.Incarnation);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(SetupLayout.Features), (uint)parameters.Features);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(SetupLayout.KnownEpoch), knownEpoch);
        parameters.Credits.Write(bytes.AsSpan(SetupLayout.PostedHeaders));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(SetupLayout.MtuBytes), parameters.MtuBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(SetupLayout.WindowRecords), parameters.WindowRecords);
        bytes[SetupLayout.VersionMin] = bytes[SetupLayout.VersionMax] = FrameLayout.CurrentVersion;
        bytes[SetupLayout.NameBytes] = (byte)nameBytes;
        Utf8.GetBytes(parameters.Name, bytes.AsSpan(SetupLayout.Bytes));
        return new SetupMessage(bytes) { Parameters = parameters };
    }

    /// <summary>Reads a frame whose header has been parsed and whose tag has been checked.</summary>
    /// <param name="frame">Exactly the header's Length.</param>
    /// <param name="tagBytes">Length of the tag at its end.</param>
    /// <returns>Null: fields that cannot be.</returns>
    public static SetupMessage? TryParse(ReadOnlySpan<byte> frame, int tagBytes)
    {
        if (frame.Length < LinkLimits.MtuBytesMin)
        {
            return null;
        }

        int nameBytes = frame[SetupLayout.NameBytes];
        var mtu = BinaryPrimitives.ReadUInt16LittleEndian(frame[SetupLayout.MtuBytes..]);
        var window = BinaryPrimitives.ReadUInt16LittleEndian(frame[SetupLayout.WindowRecords..]);
        if (nameBytes > LinkLimits.NameBytesMax || frame[(SetupLayout.Bytes + nameBytes)..^tagBytes].ContainsAnyExcept((byte)0)
            || mtu < LinkLimits.MtuBytesMin || window == 0)
        {
            return null;
        }

        if (NodeName.Read(frame.Slice(SetupLayout.Bytes, nameBytes)) is not { } name)
        {
            return null;
        }

        var bytes = frame[..(SetupLayout.Bytes + nameBytes)].ToArray();
        bytes.AsSpan(FrameLayout.Length, sizeof(ushort)).Clear();
        return new SetupMessage(bytes)
        {
            Parameters = new SetupParameters
            {
                Incarnation = BinaryPrimitives.ReadUInt64LittleEndian(frame[SetupLayout.Incarnation..]),
                Features = (LinkFeatures)BinaryPrimitives.ReadUInt32LittleEndian(frame[SetupLayout.Features..]),
                Credits = CreditSet.Read(frame[SetupLayout.PostedHeaders..]),
                MtuBytes = mtu,
                WindowRecords = window,
                Name = name,
            },
        };
    }

    public bool Says(SetupMessage other) => Bytes.AsSpan().SequenceEqual(other.Bytes);

    /// <param name="sizeBytes">The whole frame's length, from the header to the tag: the MTU that it tries. Zeros before the tag make it so long.</param>
    /// <param name="seal">Writes the tag.</param>
    /// <param name="into">Room for the whole frame.</param>
    /// <returns>Bytes written, <paramref name="sizeBytes"/>.</returns>
    public int Write(int sizeBytes, SetupSeal seal, Span<byte> into)
    {
        Check.That(sizeBytes is >= LinkLimits.MtuBytesMin and <= LinkLimits.MtuBytesMax);
        Bytes.CopyTo(into);
        BinaryPrimitives.WriteUInt16LittleEndian(into[FrameLayout.Length..], (ushort)sizeBytes);
        into[Bytes.Length..(sizeBytes - seal.TagBytes)].Clear();
        seal.Close(into[..sizeBytes]);
        return sizeBytes;
    }
}
