using CsCheck;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Pcie.Tests;

/// <summary>Generators of well-formed TLPs of every kind.</summary>
internal static class TlpSample
{
    public static readonly Gen<Rid> Rid = Gen.UShort.Select(value => new Rid(value));

    public static readonly Gen<Tag> Tag = Gen.OneOf(Gen.UShort[0, 255], Gen.UShort[256, 1023]).Select(value => new Tag(value));

    public static readonly Gen<TlpAttributes> Attributes = Gen.Int[0, 31].Select(value => (TlpAttributes)value);

    public static readonly Gen<int> TrafficClass = Gen.Int[0, 7];

    /// <summary>Half below, half above 4 GB, some right at the line.</summary>
    public static readonly Gen<ulong> Address = Gen.OneOf(
        Gen.UInt.Select(value => (ulong)value),
        Gen.ULong,
        Gen.ULong[0xFFFF_F000, 0x1_0000_0FFF]);

    /// <summary>An address and a length (1 to 4096) that do not cross 4 KB.</summary>
    public static readonly Gen<(ulong Address, int Bytes)> Range = Gen.Select(
        Address, Gen.Int[1, 4096], (address, bytes) => (address, Math.Min(bytes, 4096 - (int)(address & 0xFFF))));

    public static readonly Gen<byte[]> MemoryRead = Gen.Select(Rid, Tag, Range, Attributes, TrafficClass, (rid, tag, range, attributes, tc) =>
        Written(into => new MemoryRead(rid, tag, range.Address, range.Bytes, attributes, tc).Write(into)));

    public static readonly Gen<byte[]> MemoryWrite = Gen.Select(Rid, Range, Attributes, TrafficClass, Gen.Byte, (rid, range, attributes, tc, fill) =>
        Written(into => new MemoryWrite(rid, range.Address, attributes, tc).Write(into, Data(range.Bytes, fill))));

    public static readonly Gen<byte[]> Config = Gen.Select(Rid, Tag, Rid, Gen.Int[0, 1023], Gen.Bool, Gen.UInt, Gen.Int[0, 16],
        (rid, tag, target, dw, type1, value, enables) =>
        Written(into => enables == 16
            ? new ConfigRead(rid, tag, target, dw * 4, type1).Write(into)
            : new ConfigWrite(rid, tag, target, dw * 4, type1, value, enables).Write(into)));

    public static readonly Gen<byte[]> Completion = Gen.Select(Rid, Rid, Tag, Gen.Int[1, 4096], Gen.Int[0, 127], Attributes, Gen.Int[0, 4],
        (completer, requester, tag, bytes, lower, attributes, status) =>
        Written(into =>
        {
            var completion = new Completion(completer, requester, tag, (CompletionStatus)status, bytes, lower, attributes);
            return status == 0
                ? completion.Write(into, Data(Math.Min(4096, ((lower & 3) + bytes + 3) & ~3), (byte)lower))
                : (completion with { Status = status == 3 ? CompletionStatus.CompleterAbort : completion.Status }).Write(into);
        }));

    public static readonly Gen<byte[]> Message = Gen.Select(Rid, Gen.Byte, Gen.Int[0, 5], Rid, (rid, code, routing, target) =>
        Written(into => new Message(rid, (MessageCode)code, (MessageRouting)routing, target).Write(into)));

    public static readonly Gen<byte[]> Atomic = Gen.Select(Rid, Tag, Address, Gen.Int[0, 6], (rid, tag, address, shape) =>
    {
        var (kind, operand, count) = shape switch
        {
            0 => (TlpKind.FetchAdd, 4, 1),
            1 => (TlpKind.FetchAdd, 8, 1),
            2 => (TlpKind.Swap, 4, 1),
            3 => (TlpKind.Swap, 8, 1),
            4 => (TlpKind.CompareAndSwap, 4, 2),
            5 => (TlpKind.CompareAndSwap, 8, 2),
            _ => (TlpKind.CompareAndSwap, 16, 2),
        };
        return Written(into => new AtomicRequest(kind, rid, tag, address & ~((ulong)operand - 1)).Write(into, Data(operand * count, (byte)rid.Value)));
    });

    public static readonly Gen<byte[]> Any = Gen.OneOf(MemoryRead, MemoryWrite, Config, Completion, Message, Atomic);

    public delegate int Writer(Span<byte> into);

    public static byte[] Written(Writer write)
    {
        var into = new byte[TlpLimits.BytesMax];
        var length = write(into);
        return into[..length];
    }

    public static byte[] Data(int bytes, byte first)
    {
        var data = new byte[bytes];
        for (var i = 0; i < bytes; i++)
        {
            data[i] = (byte)(first + (i * 7));
        }

        return data;
    }

    public static TlpView Parsed(byte[] bytes)
    {
        Assert.Equal(TlpError.None, TlpView.TryParse(bytes, out var tlp));
        return tlp;
    }
}
