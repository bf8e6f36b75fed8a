using System.Buffers.Binary;

namespace ExpEther.Nvme.Protocol;

/// <summary>An entry of the Error Information log, 64 bytes (NVMe 1.4 figure 193).</summary>
/// <param name="ErrorCount">Identifies the error, unique for the controller's life; 0 marks an unused entry.</param>
/// <param name="SqId">FFFFh: not one queue's error.</param>
/// <param name="CommandId">FFFFh: not one command's error.</param>
/// <param name="Status">The status, without phase.</param>
/// <param name="ParameterErrorLocation">Byte (7:0) and bit (10:8) of the command's wrong field; FFFFh: none.</param>
/// <param name="Lba">First LBA that has the error.</param>
/// <param name="NamespaceId">0: none.</param>
/// <param name="CommandSpecific">Depends on the command.</param>
public readonly record struct ErrorInformationEntry(
    ulong ErrorCount, ushort SqId, ushort CommandId, NvmeStatus Status, ushort ParameterErrorLocation, ulong Lba, uint NamespaceId,
    ulong CommandSpecific)
{
    public const int Bytes = 64;

    /// <summary>SqId, CommandId and ParameterErrorLocation when there is none.</summary>
    public const ushort None = 0xFFFF;

    public static ErrorInformationEntry Read(ReadOnlySpan<byte> from) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(from),
        BinaryPrimitives.ReadUInt16LittleEndian(from[8..]),
        BinaryPrimitives.ReadUInt16LittleEndian(from[10..]),
        new NvmeStatus((ushort)(BinaryPrimitives.ReadUInt16LittleEndian(from[12..]) >> 1)),
        BinaryPrimitives.ReadUInt16LittleEndian(from[14..]),
        BinaryPrimitives.ReadUInt64LittleEndian(from[16..]),
        BinaryPrimitives.ReadUInt32LittleEndian(from[24..]),
        BinaryPrimitives.ReadUInt64LittleEndian(from[32..]));

    public void Write(Span<byte> into)
    {
        into[..Bytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(into, ErrorCount);
        BinaryPrimitives.WriteUInt16LittleEndian(into[8..], SqId);
        BinaryPrimitives.WriteUInt16LittleEndian(into[10..], CommandId);
        BinaryPrimitives.WriteUInt16LittleEndian(into[12..], (ushort)(Status.Value << 1));
        BinaryPrimitives.WriteUInt16LittleEndian(into[14..], ParameterErrorLocation);
        BinaryPrimitives.WriteUInt64LittleEndian(into[16..], Lba);
        BinaryPrimitives.WriteUInt32LittleEndian(into[24..], NamespaceId);
        BinaryPrimitives.WriteUInt64LittleEndian(into[32..], CommandSpecific);
    }
}
