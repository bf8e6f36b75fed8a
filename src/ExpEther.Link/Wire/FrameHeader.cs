using System.Buffers.Binary;

namespace ExpEther.Link.Wire;

/// <summary>The header that every frame begins with (docs/wire-format.md, "Frame header").</summary>
public readonly record struct FrameHeader
{
    public required FrameType Type { get; init; }

    public FrameFlags Flags { get; init; }

    public byte Path { get; init; }

    /// <summary>Bytes from the header's first to the tag's last; what follows is Ethernet padding.</summary>
    public required ushort Length { get; init; }

    /// <summary>Microseconds that the echoed timestamp waited at the sender; FFFFh: that or longer.</summary>
    public ushort EchoDelay { get; init; }

    public uint Epoch { get; init; }

    /// <summary>The sender's clock, microseconds modulo 2^32.</summary>
    public uint Timestamp { get; init; }

    public ulong FrameNumber { get; init; }

    /// <summary>Of the first sequenced record in the frame, or of the next one there will be.</summary>
    public ulong RecordSequence { get; init; }

    /// <summary>The sequence of the first record that has not come in.</summary>
    public ulong Acknowledgement { get; init; }

    /// <summary>The Timestamp of the frame that FrameEcho names.</summary>
    public uint TimestampEcho { get; init; }

    /// <summary>Low half of the highest frame number that has come in.</summary>
    public uint FrameEcho { get; init; }

    public SelectiveAck SelectiveAck { get; init; }

    /// <summary>Reads a header and checks that the bytes are as many as it says.</summary>
    /// <param name="payload">All after the EtherType.</param>
    /// <param name="header">The header, when <see cref="FrameError.None"/>.</param>
    public static FrameError TryParse(ReadOnlySpan<byte> payload, out FrameHeader header)
    {
        header = default;
        if (payload.Length < FrameLayout.Bytes)
        {
            return FrameError.Truncated;
        }

        if (payload[FrameLayout.Version] != VersionOf((FrameType)payload[FrameLayout.Type]))
        {
            return FrameError.WrongVersion;
        }

        if (payload[FrameLayout.Type] > (byte)FrameType.Challenge)
        {
            return FrameError.UnknownType;
        }

        var length = BinaryPrimitives.ReadUInt16LittleEndian(payload[FrameLayout.Length..]);
        if (length < FrameLayout.Bytes)
        {
            return FrameError.BadLength;
        }

        if (length > payload.Length)
        {
            return FrameError.Truncated;
        }

        header = new FrameHeader
        {
            Type = (FrameType)payload[FrameLayout.Type],
            Flags = (FrameFlags)payload[FrameLayout.Flags],
            Path = payload[FrameLayout.Path],
            Length = length,
            EchoDelay = BinaryPrimitives.ReadUInt16LittleEndian(payload[FrameLayout.EchoDelay..]),
            Epoch = BinaryPrimitives.ReadUInt32LittleEndian(payload[FrameLayout.Epoch..]),
            Timestamp = BinaryPrimitives.ReadUInt32LittleEndian(payload[FrameLayout.Timestamp..]),
            FrameNumber = BinaryPrimitives.ReadUInt64LittleEndian(payload[FrameLayout.FrameNumber..]),
            RecordSequence = BinaryPrimitives.ReadUInt64LittleEndian(payload[FrameLayout.RecordSequence..]),
            Acknowledgement = BinaryPrimitives.ReadUInt64LittleEndian(payload[FrameLayout.Acknowledgement..]),
            TimestampEcho = BinaryPrimitives.ReadUInt32LittleEndian(payload[FrameLayout.TimestampEcho..]),
            FrameEcho = BinaryPrimitives.ReadUInt32LittleEndian(payload[FrameLayout.FrameEcho..]),
            SelectiveAck = SelectiveAck.Read(payload[FrameLayout.SelectiveAck..]),
        };
        return FrameError.None;
    }

    /// <param name="into">At least <see cref="FrameLayout.Bytes"/>.</param>
    public void Write(Span<byte> into)
    {
        into[FrameLayout.Version] = VersionOf(Type);
        into[FrameLayout.Type] = (byte)Type;
        into[FrameLayout.Flags] = (byte)Flags;
        into[FrameLayout.Path] = Path;
        BinaryPrimitives.WriteUInt16LittleEndian(into[FrameLayout.Length..], Length);
        BinaryPrimitives.WriteUInt16LittleEndian(into[FrameLayout.EchoDelay..], EchoDelay);
        BinaryPrimitives.WriteUInt32LittleEndian(into[FrameLayout.Epoch..], Epoch);
        BinaryPrimitives.WriteUInt32LittleEndian(into[FrameLayout.Timestamp..], Timestamp);
        BinaryPrimitives.WriteUInt64LittleEndian(into[FrameLayout.FrameNumber..], FrameNumber);
        BinaryPrimitives.WriteUInt64LittleEndian(into[FrameLayout.RecordSequence..], RecordSequence);
        BinaryPrimitives.WriteUInt64LittleEndian(into[FrameLayout.Acknowledgement..], Acknowledgement);
        BinaryPrimitives.WriteUInt32LittleEndian(into[FrameLayout.TimestampEcho..], TimestampEcho);
        BinaryPrimitives.WriteUInt32LittleEndian(into[FrameLayout.FrameEcho..], FrameEcho);
        SelectiveAck.Write(into[FrameLayout.SelectiveAck..]);
    }

    private static byte VersionOf(FrameType type) =>
        type == FrameType.Announce ? FrameLayout.AnnouncementVersion : FrameLayout.CurrentVersion;
}
