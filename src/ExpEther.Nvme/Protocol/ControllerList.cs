using System.Buffers.Binary;

namespace ExpEther.Nvme.Protocol;

/// <summary>
/// A Controller List (NVMe 1.4 §4.9), 4096 bytes, as a view: how many, then controller identifiers, 16 bits each, lowest first. Data of
/// Namespace Attachment and answer of Identify CNS 12h and 13h.
/// </summary>
public readonly ref struct ControllerList
{
    public const int CountOffset = 0;
    public const int IdentifiersOffset = 2;
    public const int CountMax = 2047;

    private readonly Span<byte> _bytes;

    /// <param name="bytes">At least 4096 bytes.</param>
    public ControllerList(Span<byte> bytes)
    {
        _bytes = bytes[..NvmeSizes.IdentifyBytes];
    }

    /// <summary>As the other side wrote it: up to 65535, of which no more than <see cref="CountMax"/> can be there.</summary>
    public int Count => BinaryPrimitives.ReadUInt16LittleEndian(_bytes);

    /// <param name="index">Below <see cref="CountMax"/>.</param>
    public ushort this[int index] => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[(IdentifiersOffset + (2 * index))..]);

    /// <summary>Appends an identifier; the list has to be in ascending order.</summary>
    public void Add(ushort controllerId)
    {
        var count = Count;
        Check.That(count < CountMax);
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes[(IdentifiersOffset + (2 * count))..], controllerId);
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes, (ushort)(count + 1));
    }
}
