using System.Buffers.Binary;
using System.Numerics;

namespace ExpEther.Pcie.Tlp;

/// <summary>
/// A TLP as a view over its bytes (PCIe 5.0 §2.2). <see cref="TryParse"/> checks once; after it returned <see cref="TlpError.None"/> no
/// accessor throws. Accessors of one kind's fields are meaningless, but harmless, on another kind.
/// Payload bytes are in address order: byte 0 is at the lowest address of the first DW, byte enables notwithstanding.
/// </summary>
public readonly ref struct TlpView
{
    private readonly ReadOnlySpan<byte> _bytes;

    private TlpView(ReadOnlySpan<byte> bytes, TlpKind kind)
    {
        _bytes = bytes;
        Kind = kind;
    }

    /// <summary>The whole TLP, digest included.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    public TlpKind Kind { get; }

    public TlpClass Class => ClassOf(Kind);

    public int HeaderBytes => Is4Dw(_bytes) ? 16 : 12;

    /// <summary>The Length field in DW; 1024 is coded as 0.</summary>
    public int LengthDw => LengthOf(_bytes);

    public bool HasPayload => HasData(_bytes);

    public ReadOnlySpan<byte> Payload => HasPayload ? _bytes.Slice(HeaderBytes, LengthDw * 4) : default;

    public int TrafficClass => (_bytes[1] >> 4) & 7;

    public TlpAttributes Attributes =>
        (TlpAttributes)(((_bytes[2] >> 4) & 3) | (_bytes[1] & 4) | ((_bytes[2] & 0x40) >> 3) | ((_bytes[2] & 0x80) >> 3));

    public bool IsPoisoned => (_bytes[2] & 0x40) != 0;

    public bool HasDigest => (_bytes[2] & 0x80) != 0;

    public Tag Tag
    {
        get
        {
            var high = ((_bytes[1] & 0x80) << 2) | ((_bytes[1] & 0x08) << 5);
            return new Tag((ushort)(high | _bytes[IsCompletion ? 10 : 6]));
        }
    }

    public bool IsCompletion => Kind is TlpKind.Completion or TlpKind.CompletionWithData;

    public bool IsConfig => Kind is TlpKind.ConfigRead0 or TlpKind.ConfigWrite0 or TlpKind.ConfigRead1 or TlpKind.ConfigWrite1;

    public bool IsMemory => Kind is TlpKind.MemoryRead or TlpKind.MemoryWrite or TlpKind.FetchAdd or TlpKind.Swap or TlpKind.CompareAndSwap;

    public bool IsAtomic => Kind is TlpKind.FetchAdd or TlpKind.Swap or TlpKind.CompareAndSwap;

    public bool IsMessage => Kind is TlpKind.Message or TlpKind.MessageWithData;

    public Rid Requester => new(BinaryPrimitives.ReadUInt16BigEndian(_bytes[(IsCompletion ? 8 : 4)..]));

    /// <summary>First DW byte enables; all ones where the field holds something else (an atomic, a read with a steering tag).</summary>
    public int FirstByteEnables => ByteEnablesAreImplied ? 0xF : _bytes[7] & 0xF;

    public int LastByteEnables => ByteEnablesAreImplied ? (LengthDw > 1 ? 0xF : 0) : _bytes[7] >> 4;

    /// <summary>A memory request's address, DW aligned.</summary>
    public ulong Address => Is4Dw(_bytes)
        ? BinaryPrimitives.ReadUInt64BigEndian(_bytes[8..]) & ~3UL
        : BinaryPrimitives.ReadUInt32BigEndian(_bytes[8..]) & ~3U;

    /// <summary>A request's first enabled byte: the address with the first byte enable counted in.</summary>
    public ulong FirstByteAddress => Address + (ulong)(FirstByteEnables == 0 ? 0 : BitOperations.TrailingZeroCount(FirstByteEnables));

    /// <summary>A read of no bytes: a flush (§2.2.5).</summary>
    public bool IsZeroLength => LengthDw == 1 && FirstByteEnables == 0 && !IsAtomic;

    /// <summary>Bytes from the first to the last enabled one; 1 for a zero-length read, as the Byte Count field of its completion (table 2-38).</summary>
    public int ByteLength
    {
        get
        {
            if (IsAtomic)
            {
                return Kind == TlpKind.CompareAndSwap ? LengthDw * 2 : LengthDw * 4;
            }

            var first = FirstByteEnables;
            if (LengthDw == 1)
            {
                return first == 0 ? 1 : 32 - BitOperations.LeadingZeroCount((uint)first) - BitOperations.TrailingZeroCount(first);
            }

            return (LengthDw * 4) - BitOperations.TrailingZeroCount(first) - (BitOperations.LeadingZeroCount((uint)LastByteEnables) - 28);
        }
    }

    /// <summary>The function that a configuration request is for.</summary>
    public Rid ConfigTarget => new(BinaryPrimitives.ReadUInt16BigEndian(_bytes[8..]));

    /// <summary>A configuration request's register as a byte offset, DW aligned, 0 to 4092.</summary>
    public int ConfigRegister => ((_bytes[10] & 0xF) << 8) | (_bytes[11] & 0xFC);

    /// <summary>A configuration write's value, little-endian as the register is.</summary>
    public uint ConfigValue => BinaryPrimitives.ReadUInt32LittleEndian(Payload);

    public Rid Completer => new(BinaryPrimitives.ReadUInt16BigEndian(_bytes[4..]));

    /// <summary>A reserved value counts as Unsupported Request (§2.3.2).</summary>
    public CompletionStatus Status => (_bytes[6] >> 5) switch
    {
        0 => CompletionStatus.SuccessfulCompletion,
        2 => CompletionStatus.ConfigurationRequestRetry,
        4 => CompletionStatus.CompleterAbort,
        _ => CompletionStatus.UnsupportedRequest,
    };

    /// <summary>A completion's Byte Count: bytes still to come, this one's included, 1 to 4096.</summary>
    public int ByteCount
    {
        get
        {
            var coded = ((_bytes[6] & 0xF) << 8) | _bytes[7];
            return coded == 0 ? 4096 : coded;
        }
    }

    /// <summary>A completion's Lower Address: bits 6:0 of its first enabled byte.</summary>
    public int LowerAddress => _bytes[11] & 0x7F;

    public MessageCode MessageCode => (MessageCode)_bytes[7];

    /// <summary>Reserved routings end at the receiver, as local ones do (table 2-17).</summary>
    public MessageRouting MessageRouting =>
        (_bytes[0] & 7) <= (int)MessageRouting.GatheredToRootComplex ? (MessageRouting)(_bytes[0] & 7) : MessageRouting.Local;

    /// <summary>Bus, device and function that a message routed by ID is for.</summary>
    public Rid MessageTarget => ConfigTarget;

    /// <summary>Checks the digest, if there is one (§2.7.1).</summary>
    public bool HasValidEcrc => !HasDigest
        || Ecrc.Compute(_bytes[..^4]) == BinaryPrimitives.ReadUInt32LittleEndian(_bytes[^4..]);

    /// <summary>
    /// Checks that <paramref name="bytes"/> are exactly one TLP of a kind carried here. The digest is not checked: see
    /// <see cref="HasValidEcrc"/>.
    /// </summary>
    public static TlpError TryParse(ReadOnlySpan<byte> bytes, out TlpView view)
    {
        view = default;
        if (bytes.Length < TlpLimits.HeaderBytesMin)
        {
            return TlpError.Truncated;
        }

        var error = KindOf(bytes[0], out var kind);
        if (error != TlpError.None)
        {
            return error;
        }

        var expected = ExpectedBytes(bytes);
        if (bytes.Length != expected)
        {
            return bytes.Length < expected ? TlpError.Truncated : TlpError.TrailingBytes;
        }

        var parsed = new TlpView(bytes, kind);
        error = TlpRules.Check(parsed);
        if (error == TlpError.None)
        {
            view = parsed;
        }

        return error;
    }

    /// <summary>
    /// A request of a kind that is not carried here but is owed an answer (§2.3.1): an I/O request, whose header follows the rules of a
    /// configuration request and is seen as one, or a locked read, seen as a memory read.
    /// </summary>
    internal static bool TryParseUnserved(ReadOnlySpan<byte> bytes, out TlpView view)
    {
        view = default;
        if (bytes.Length < TlpLimits.HeaderBytesMin)
        {
            return false;
        }

        var isIo = (bytes[0] & ~0x40) == 0b00010;
        var isLockedRead = (bytes[0] & ~0x20) == 0b00001;
        if (!(isIo || isLockedRead) || bytes.Length != ExpectedBytes(bytes))
        {
            return false;
        }

        view = new TlpView(bytes, isIo ? TlpKind.ConfigRead0 : TlpKind.MemoryRead);
        return TlpRules.Check(view) == TlpError.None;
    }

    public static TlpClass ClassOf(TlpKind kind) => kind switch
    {
        TlpKind.MemoryWrite or TlpKind.Message or TlpKind.MessageWithData => TlpClass.Posted,
        TlpKind.Completion or TlpKind.CompletionWithData => TlpClass.Completion,
        _ => TlpClass.NonPosted,
    };

    // TH, byte 1 bit 0: a memory read with a steering tag carries it where the byte enables were (§2.2.7.1.1).
    private bool ByteEnablesAreImplied => IsAtomic || (Kind == TlpKind.MemoryRead && (_bytes[1] & 1) != 0);

    private static bool Is4Dw(ReadOnlySpan<byte> bytes) => (bytes[0] & 0x20) != 0;

    private static bool HasData(ReadOnlySpan<byte> bytes) => (bytes[0] & 0x40) != 0;

    private static int ExpectedBytes(ReadOnlySpan<byte> bytes) =>
        (Is4Dw(bytes) ? 16 : 12) + (HasData(bytes) ? LengthOf(bytes) * 4 : 0) + ((bytes[2] & 0x80) != 0 ? TlpLimits.DigestBytes : 0);

    private static int LengthOf(ReadOnlySpan<byte> bytes)
    {
        var coded = ((bytes[2] & 3) << 8) | bytes[3];
        return coded == 0 ? 1024 : coded;
    }

    private static TlpError KindOf(byte fmtType, out TlpKind kind)
    {
        kind = default;
        var fmt = fmtType >> 5;
        var type = fmtType & 0x1F;
        if (fmt >= 4)
        {
            return fmt == 4 ? TlpError.UnknownPrefix : TlpError.UnknownType;
        }

        var fourDw = (fmt & 1) != 0;
        var data = (fmt & 2) != 0;
        switch (type)
        {
            case 0b00000:
                kind = data ? TlpKind.MemoryWrite : TlpKind.MemoryRead;
                return TlpError.None;
            case 0b00001 when !data:
            case 0b01011 when !fourDw:
                return TlpError.LockedUnsupported;
            case 0b00010 when !fourDw:
                return TlpError.IoUnsupported;
            case 0b00100 when !fourDw:
                kind = data ? TlpKind.ConfigWrite0 : TlpKind.ConfigRead0;
                return TlpError.None;
            case 0b00101 when !fourDw:
                kind = data ? TlpKind.ConfigWrite1 : TlpKind.ConfigRead1;
                return TlpError.None;
            case 0b01010 when !fourDw:
                kind = data ? TlpKind.CompletionWithData : TlpKind.Completion;
                return TlpError.None;
            case 0b01100 when data:
                kind = TlpKind.FetchAdd;
                return TlpError.None;
            case 0b01101 when data:
                kind = TlpKind.Swap;
                return TlpError.None;
            case 0b01110 when data:
                kind = TlpKind.CompareAndSwap;
                return TlpError.None;
            case >= 0b10000 and <= 0b10111 when fourDw:
                kind = data ? TlpKind.MessageWithData : TlpKind.Message;
                return TlpError.None;
            default:
                return TlpError.UnknownType;
        }
    }
}
