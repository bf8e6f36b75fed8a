using System.Buffers.Binary;

namespace ExpEther.Nvme.Protocol;

/// <summary>A completion queue entry, 16 bytes (NVMe 1.4 §4.6).</summary>
/// <param name="Result">DW0, command specific.</param>
/// <param name="SqHead">Submission queue head pointer: slots before it are free.</param>
/// <param name="SqId">Which submission queue.</param>
/// <param name="CommandId">The command's.</param>
/// <param name="Phase">Inverts at every wrap of the completion queue; the first round has true.</param>
/// <param name="Status">How it ended.</param>
public readonly record struct CompletionEntry(uint Result, ushort SqHead, ushort SqId, ushort CommandId, bool Phase, NvmeStatus Status)
{
    /// <summary>Byte offset of the word that holds the phase bit (bit 0) and status; it must reach memory last.</summary>
    public const int StatusOffset = 14;

    public static bool PhaseOf(ReadOnlySpan<byte> entry) => (entry[StatusOffset] & 1) != 0;

    public static CompletionEntry Read(ReadOnlySpan<byte> entry)
    {
        var status = BinaryPrimitives.ReadUInt16LittleEndian(entry[StatusOffset..]);
        return new CompletionEntry(
            BinaryPrimitives.ReadUInt32LittleEndian(entry),
            BinaryPrimitives.ReadUInt16LittleEndian(entry[8..]),
            BinaryPrimitives.ReadUInt16LittleEndian(entry[10..]),
            BinaryPrimitives.ReadUInt16LittleEndian(entry[12..]),
            (status & 1) != 0,
            new NvmeStatus((ushort)(status >> 1)));
    }

    public void Write(Span<byte> entry)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(entry, Result);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], 0);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[8..], SqHead);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[10..], SqId);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[12..], CommandId);
        BinaryPrimitives.WriteUInt16LittleEndian(entry[StatusOffset..], (ushort)((Status.Value << 1) | (Phase ? 1 : 0)));
    }
}
