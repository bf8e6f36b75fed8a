using System.Buffers.Binary;
using System.Text;
using ExpEther.Link.Sealing;
using ExpEther.Link.Wire;

namespace ExpEther.Link.Setup;

/// <summary>INIT or ACCEPT, authentic and with fields that can be (docs/wire-format.md, "INIT and ACCEPT").</summary>
internal sealed class SetupMessage
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: false);

    public required byte[] InitiatorNonce { get; init; }

    /// <summary>Zeros in INIT.</summary>
    public required byte[] ResponderNonce { get; init; }

    /// <summary>ACCEPT: the epoch proposed. INIT: 0.</summary>
    public required uint Epoch { get; init; }

    /// <summary>INIT: the last epoch the initiator knows of. ACCEPT: the one the responder is in. 0: none.</summary>
    public required uint KnownEpoch { get; init; }

    public byte VersionMin { get; init; } = FrameLayout.CurrentVersion;

    public byte VersionMax { get; init; } = FrameLayout.CurrentVersion;

    public required SetupParameters Parameters { get; init; }

    /// <summary>The whole frame's length, from the header to the tag: the MTU that it tries. Zeros between name and tag make it so long.</summary>
    public required int SizeBytes { get; init; }

    /// <summary>Reads a frame whose header has been parsed and whose tag has been checked.</summary>
    /// <param name="header">Its header.</param>
    /// <param name="frame">Exactly the header's Length.</param>
    /// <param name="tagBytes">Length of the tag at its end.</param>
    /// <returns>Null: fields that cannot be.</returns>
    public static SetupMessage? TryParse(in FrameHeader header, ReadOnlySpan<byte> frame, int tagBytes)
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

        return new SetupMessage
        {
            InitiatorNonce = frame.Slice(SetupLayout.InitiatorNonce, SetupLayout.NonceBytes).ToArray(),
            ResponderNonce = frame.Slice(SetupLayout.ResponderNonce, SetupLayout.NonceBytes).ToArray(),
            SizeBytes = frame.Length,
            Epoch = header.Epoch,
            KnownEpoch = BinaryPrimitives.ReadUInt32LittleEndian(frame[SetupLayout.KnownEpoch..]),
            VersionMin = frame[SetupLayout.VersionMin],
            VersionMax = frame[SetupLayout.VersionMax],
            Parameters = new SetupParameters
            {
                Features = (LinkFeatures)BinaryPrimitives.ReadUInt32LittleEndian(frame[SetupLayout.Features..]),
                Credits = CreditSet.Read(frame[SetupLayout.PostedHeaders..]),
                MtuBytes = mtu,
                WindowRecords = window,
                Name = name,
            },
        };
    }

    /// <param name="type">INIT or ACCEPT.</param>
    /// <param name="number">Fresh for every frame of this side's set-up.</param>
    /// <param name="seal">Writes the tag.</param>
    /// <param name="into">Room for the whole frame.</param>
    /// <returns>Bytes written, from the header's first to the tag's last.</returns>
    public int Write(FrameType type, ulong number, SetupSeal seal, Span<byte> into)
    {
        var nameBytes = Utf8.GetByteCount(Parameters.Name);
        Check.That(nameBytes <= LinkLimits.NameBytesMax && SizeBytes >= LinkLimits.MtuBytesMin);
        var header = new FrameHeader
        {
            Type = type,
            Flags = seal.IsSealed ? FrameFlags.Sealed : FrameFlags.None,
            Length = (ushort)SizeBytes,
            Epoch = Epoch,
            FrameNumber = number,
        };
        header.Write(into);
        InitiatorNonce.CopyTo(into[SetupLayout.InitiatorNonce..]);
        ResponderNonce.CopyTo(into[SetupLayout.ResponderNonce..]);
        BinaryPrimitives.WriteUInt32LittleEndian(into[SetupLayout.Features..], (uint)Parameters.Features);
        BinaryPrimitives.WriteUInt32LittleEndian(into[SetupLayout.KnownEpoch..], KnownEpoch);
        Parameters.Credits.Write(into[SetupLayout.PostedHeaders..]);
        BinaryPrimitives.WriteUInt16LittleEndian(into[SetupLayout.MtuBytes..], Parameters.MtuBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(into[SetupLayout.WindowRecords..], Parameters.WindowRecords);
        into[SetupLayout.VersionMin] = VersionMin;
        into[SetupLayout.VersionMax] = VersionMax;
        into[SetupLayout.NameBytes] = (byte)nameBytes;
        into[SetupLayout.Reserved] = 0;
        Utf8.GetBytes(Parameters.Name, into[SetupLayout.Bytes..]);
        into[(SetupLayout.Bytes + nameBytes)..(SizeBytes - seal.TagBytes)].Clear();
        seal.Close(into[..SizeBytes]);
        return SizeBytes;
    }
}
