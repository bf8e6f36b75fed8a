using System.Buffers.Binary;
using System.Security.Cryptography;

namespace ExpEther.Nvme.Pool;

/// <summary>
/// A pool's metadata as bytes. Little-endian, without holes between the parts:
/// <code>
///   0  "EXPPOOL2"                      40  SHA-256 of all LengthBytes bytes, these 32 taken as zeroes
///   8  u64 version, raised by each write   72  zeroes up to 128
///  16  u32 LengthBytes                128  namespaces, 48 bytes each: u32 NSID, u32 flags (bit 0: shared), 16 bytes UUID (big-endian),
///  20  u32 block size                      u64 length in bytes, u32 number of extents, 12 bytes zero
///  24  u32 chunk size                  ..  extents of all namespaces in their order: u32 first chunk, u32 chunks
///  28  u32 namespaces
///  32  u32 extents
///  36  u32 zero
/// </code>
/// An empty pool is 128 bytes, which fit into one block: so the first write is there whole or not at all.
/// <para>
/// "EXPPOOL1" is the same, of a version of ExpEther in which a change counted when one copy had it: the other was older by one change.
/// </para>
/// </summary>
internal sealed record PoolImage(ulong Version, int BlockBytes, IReadOnlyList<PoolRecord> Namespaces)
{
    public const int HeaderBytes = 128;
    private const int VersionOffset = 8;
    private const int LengthOffset = 16;
    private const int BlockBytesOffset = 20;
    private const int ChunkBytesOffset = 24;
    private const int NamespacesOffset = 28;
    private const int ExtentsOffset = 32;
    private const int HashOffset = 40;
    private const int RecordBytes = 48;
    private const int RecordUuidOffset = 8;
    private const int RecordLengthOffset = 24;
    private const int RecordExtentsOffset = 32;
    private const int ExtentBytes = 8;
    private const uint SharedFlag = 1;

    /// <summary>Both copies had each change before it counted.</summary>
    public bool IsMirrored { get; private init; } = true;

    private static ReadOnlySpan<byte> Magic => "EXPPOOL2"u8;

    private static ReadOnlySpan<byte> UnmirroredMagic => "EXPPOOL1"u8;

    /// <summary>Bytes of an image with so much in it; no more than <see cref="PoolLimits.MetadataBytes"/> within the pool's limits.</summary>
    public static int BytesOf(int namespaces, int extents) => HeaderBytes + (namespaces * RecordBytes) + (extents * ExtentBytes);

    /// <returns>How many bytes.</returns>
    public int Write(Span<byte> into)
    {
        var extents = Namespaces.Sum(each => each.Extents.Count);
        var bytes = BytesOf(Namespaces.Count, extents);
        into = into[..bytes];
        into.Clear();
        Magic.CopyTo(into);
        BinaryPrimitives.WriteUInt64LittleEndian(into[VersionOffset..], Version);
        BinaryPrimitives.WriteInt32LittleEndian(into[LengthOffset..], bytes);
        BinaryPrimitives.WriteInt32LittleEndian(into[BlockBytesOffset..], BlockBytes);
        BinaryPrimitives.WriteInt32LittleEndian(into[ChunkBytesOffset..], PoolLimits.ChunkBytes);
        BinaryPrimitives.WriteInt32LittleEndian(into[NamespacesOffset..], Namespaces.Count);
        BinaryPrimitives.WriteInt32LittleEndian(into[ExtentsOffset..], extents);
        var record = into[HeaderBytes..];
        var extent = into[BytesOf(Namespaces.Count, 0)..];
        foreach (var each in Namespaces)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(record, each.Id);
            BinaryPrimitives.WriteUInt32LittleEndian(record[4..], each.IsShared ? SharedFlag : 0);
            each.Uuid.TryWriteBytes(record[RecordUuidOffset..], bigEndian: true, out _);
            BinaryPrimitives.WriteInt64LittleEndian(record[RecordLengthOffset..], each.LengthBytes);
            BinaryPrimitives.WriteInt32LittleEndian(record[RecordExtentsOffset..], each.Extents.Count);
            record = record[RecordBytes..];
            foreach (var (start, count) in each.Extents)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(extent, start);
                BinaryPrimitives.WriteUInt32LittleEndian(extent[4..], count);
                extent = extent[ExtentBytes..];
            }
        }

        SHA256.HashData(into, into[HashOffset..]);
        return bytes;
    }

    /// <summary>Reads a copy of the metadata.</summary>
    /// <param name="from">All of it; its checksum is zeroed here.</param>
    /// <returns>Null: it is none, or was not written to its end.</returns>
    public static PoolImage? Read(Span<byte> from)
    {
        var bytes = BinaryPrimitives.ReadInt32LittleEndian(from[LengthOffset..]);
        if (!IsOne(from) || bytes < HeaderBytes || bytes > from.Length || !TakeHash(from[..bytes]))
        {
            return null;
        }

        var namespaces = BinaryPrimitives.ReadInt32LittleEndian(from[NamespacesOffset..]);
        var extents = BinaryPrimitives.ReadInt32LittleEndian(from[ExtentsOffset..]);
        if (namespaces is < 0 or > PoolLimits.NamespacesMax || extents is < 0 or > PoolLimits.ExtentsMax || BytesOf(namespaces, extents) != bytes
            || BinaryPrimitives.ReadInt32LittleEndian(from[ChunkBytesOffset..]) != PoolLimits.ChunkBytes)
        {
            return null;
        }

        var records = new List<PoolRecord>(namespaces);
        var record = from[HeaderBytes..bytes];
        var extent = from[BytesOf(namespaces, 0)..bytes];
        for (var i = 0; i < namespaces; i++, record = record[RecordBytes..])
        {
            var count = BinaryPrimitives.ReadInt32LittleEndian(record[RecordExtentsOffset..]);
            if (count < 0 || count > extent.Length / ExtentBytes)
            {
                return null;
            }

            records.Add(new PoolRecord(
                BinaryPrimitives.ReadUInt32LittleEndian(record), (BinaryPrimitives.ReadUInt32LittleEndian(record[4..]) & SharedFlag) != 0,
                new Guid(record.Slice(RecordUuidOffset, 16), bigEndian: true), BinaryPrimitives.ReadInt64LittleEndian(record[RecordLengthOffset..]),
                ReadExtents(extent, count)));
            extent = extent[(count * ExtentBytes)..];
        }

        return new PoolImage(
            BinaryPrimitives.ReadUInt64LittleEndian(from[VersionOffset..]), BinaryPrimitives.ReadInt32LittleEndian(from[BlockBytesOffset..]), records)
        {
            IsMirrored = from.StartsWith(Magic),
        };
    }

    /// <summary>Whether it begins as a copy of a pool's metadata does, be it whole or not.</summary>
    public static bool IsOne(ReadOnlySpan<byte> from) => from.StartsWith(Magic) || from.StartsWith(UnmirroredMagic);

    /// <summary>Whether two images say the same.</summary>
    public bool IsSame(PoolImage other)
    {
        Span<byte> mine = new byte[PoolLimits.MetadataBytes];
        Span<byte> others = new byte[PoolLimits.MetadataBytes];
        return IsMirrored == other.IsMirrored && mine[..Write(mine)].SequenceEqual(others[..other.Write(others)]);
    }

    private static Extent[] ReadExtents(ReadOnlySpan<byte> from, int count)
    {
        var extents = new Extent[count];
        for (var i = 0; i < count; i++)
        {
            extents[i] = new Extent(
                BinaryPrimitives.ReadUInt32LittleEndian(from[(i * ExtentBytes)..]), BinaryPrimitives.ReadUInt32LittleEndian(from[((i * ExtentBytes) + 4)..]));
        }

        return extents;
    }

    private static bool TakeHash(Span<byte> image)
    {
        Span<byte> told = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> found = stackalloc byte[SHA256.HashSizeInBytes];
        var field = image.Slice(HashOffset, SHA256.HashSizeInBytes);
        field.CopyTo(told);
        field.Clear();
        SHA256.HashData(image, found);
        return told.SequenceEqual(found);
    }
}
