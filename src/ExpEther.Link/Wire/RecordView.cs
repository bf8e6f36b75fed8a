using System.Buffers.Binary;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Link.Wire;

/// <summary>One record as a view over its bytes. After <see cref="TryRead"/> returned true no accessor throws.</summary>
public readonly ref struct RecordView
{
    private readonly ReadOnlySpan<byte> _bytes;

    private RecordView(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Prefix and body.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    public RecordKind Kind => (RecordKind)_bytes[RecordLayout.Kind];

    public bool IsSequenced => IsSequencedKind(_bytes[RecordLayout.Kind]);

    /// <summary>Of a TLP record.</summary>
    public TlpClass Class => (TlpClass)_bytes[RecordLayout.Info];

    public ushort Function => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[TlpRecordLayout.Function..]);

    public ulong Generation => BinaryPrimitives.ReadUInt64LittleEndian(_bytes[TlpRecordLayout.Generation..]);

    public ReadOnlySpan<byte> Tlp => _bytes[TlpRecordLayout.Bytes..];

    /// <summary>What follows the prefix: a control message, a hint.</summary>
    public ReadOnlySpan<byte> Body => _bytes[RecordLayout.Bytes..];

    /// <summary>Takes the record at the front of <paramref name="records"/> off it.</summary>
    /// <returns>False: it is cut short, or cannot be.</returns>
    public static bool TryRead(scoped ref ReadOnlySpan<byte> records, out RecordView record)
    {
        record = default;
        if (records.Length < RecordLayout.Bytes)
        {
            return false;
        }

        var body = BinaryPrimitives.ReadUInt16LittleEndian(records[RecordLayout.Length..]);
        if (body > records.Length - RecordLayout.Bytes || !IsLegal(records[RecordLayout.Kind], records[RecordLayout.Info], body))
        {
            return false;
        }

        var length = RecordLayout.Bytes + body;
        record = new RecordView(records[..length]);
        records = records[length..];
        return true;
    }

    /// <summary>As <see cref="TryRead"/>, for records that passed <see cref="TryCount"/>.</summary>
    public static RecordView ReadChecked(scoped ref ReadOnlySpan<byte> records)
    {
        var length = RecordLayout.Bytes + BinaryPrimitives.ReadUInt16LittleEndian(records[RecordLayout.Length..]);
        var record = new RecordView(records[..length]);
        records = records[length..];
        return record;
    }

    /// <summary>Checks a frame's records as a whole.</summary>
    /// <param name="records">All between header and tag.</param>
    /// <param name="sequenced">How many of them are sequenced.</param>
    /// <param name="others">How many are not: credits, hints.</param>
    public static bool TryCount(ReadOnlySpan<byte> records, out int sequenced, out int others)
    {
        sequenced = 0;
        others = 0;
        while (records.Length > 0)
        {
            if (!TryRead(ref records, out var record))
            {
                return false;
            }

            sequenced += record.IsSequenced ? 1 : 0;
            others += record.IsSequenced ? 0 : 1;
        }

        return true;
    }

    /// <summary>Finds the MTU that a confirmation states.</summary>
    /// <param name="records">All between header and tag.</param>
    /// <returns>0: none, or records that cannot be.</returns>
    public static int FindMtu(ReadOnlySpan<byte> records)
    {
        var mtu = 0;
        while (records.Length > 0)
        {
            if (!TryRead(ref records, out var record))
            {
                return 0;
            }

            if (record.Kind == RecordKind.Mtu)
            {
                mtu = BinaryPrimitives.ReadUInt16LittleEndian(record._bytes[MtuRecordLayout.MtuBytes..]);
            }
        }

        return mtu;
    }

    /// <returns>Bytes written.</returns>
    public static int WriteMtu(Span<byte> into, int mtuBytes)
    {
        WritePrefix(into, RecordKind.Mtu, 0, MtuRecordLayout.Bytes - RecordLayout.Bytes);
        BinaryPrimitives.WriteUInt16LittleEndian(into[MtuRecordLayout.MtuBytes..], (ushort)mtuBytes);
        return MtuRecordLayout.Bytes;
    }

    /// <summary>Writes the head of a TLP record; the TLP follows at <see cref="TlpRecordLayout.Bytes"/>.</summary>
    public static void WriteTlpHead(Span<byte> into, TlpClass c, ushort function, ulong generation, int tlpBytes)
    {
        WritePrefix(into, RecordKind.Tlp, (byte)c, TlpRecordLayout.Bytes - RecordLayout.Bytes + tlpBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(into[TlpRecordLayout.Function..], function);
        BinaryPrimitives.WriteUInt16LittleEndian(into[TlpRecordLayout.Reserved..], 0);
        BinaryPrimitives.WriteUInt64LittleEndian(into[TlpRecordLayout.Generation..], generation);
    }

    public static void WritePrefix(Span<byte> into, RecordKind kind, byte info, int bodyBytes)
    {
        into[RecordLayout.Kind] = (byte)kind;
        into[RecordLayout.Info] = info;
        BinaryPrimitives.WriteUInt16LittleEndian(into[RecordLayout.Length..], (ushort)bodyBytes);
    }

    private static bool IsSequencedKind(byte kind) => kind < 0x80;

    private static bool IsLegal(byte kind, byte info, int body) => (RecordKind)kind switch
    {
        RecordKind.Tlp => info <= (byte)TlpClass.Completion
            && body > TlpRecordLayout.Bytes - RecordLayout.Bytes && body <= TlpRecordLayout.Bytes - RecordLayout.Bytes + LinkLimits.TlpBytesMax,
        RecordKind.Control => body is > 0 and <= LinkLimits.ControlBytesMax,
        RecordKind.Credits => body == CreditRecordLayout.Bytes - RecordLayout.Bytes,
        RecordKind.Mtu => body == MtuRecordLayout.Bytes - RecordLayout.Bytes,
        RecordKind.Hint => body is > 0 and <= LinkLimits.HintBytesMax,
        _ => !IsSequencedKind(kind),
    };
}
