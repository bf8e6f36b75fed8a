using System.Buffers.Binary;

namespace ExpEther.Nvme.Protocol;

/// <summary>
/// A command, 64 bytes (NVMe 1.4 §4.2), as a view over the bytes of a submission queue's slot or a copy of it. Setters are for whoever
/// submits; a slot must be cleared first, since reserved fields are zero.
/// </summary>
public readonly ref struct SubmissionEntry
{
    private readonly Span<byte> _bytes;

    /// <param name="bytes">At least 64 bytes.</param>
    public SubmissionEntry(Span<byte> bytes)
    {
        _bytes = bytes[..NvmeSizes.SubmissionEntryBytes];
    }

    public Span<byte> Bytes => _bytes;

    public byte Opcode
    {
        get => _bytes[0];
        set => _bytes[0] = value;
    }

    /// <summary>FUSE (1:0), reserved (5:2), PSDT (7:6).</summary>
    public byte Flags
    {
        get => _bytes[1];
        set => _bytes[1] = value;
    }

    public int Fuse => _bytes[1] & 3;

    public int Psdt => _bytes[1] >> 6;

    public ushort CommandId
    {
        get => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[2..]);
        set => BinaryPrimitives.WriteUInt16LittleEndian(_bytes[2..], value);
    }

    public uint NamespaceId
    {
        get => Dword(1);
        set => SetDword(1, value);
    }

    public ulong MetadataPointer
    {
        get => BinaryPrimitives.ReadUInt64LittleEndian(_bytes[16..]);
        set => BinaryPrimitives.WriteUInt64LittleEndian(_bytes[16..], value);
    }

    public ulong Prp1
    {
        get => BinaryPrimitives.ReadUInt64LittleEndian(_bytes[24..]);
        set => BinaryPrimitives.WriteUInt64LittleEndian(_bytes[24..], value);
    }

    public ulong Prp2
    {
        get => BinaryPrimitives.ReadUInt64LittleEndian(_bytes[32..]);
        set => BinaryPrimitives.WriteUInt64LittleEndian(_bytes[32..], value);
    }

    public uint Dw10
    {
        get => Dword(10);
        set => SetDword(10, value);
    }

    public uint Dw11
    {
        get => Dword(11);
        set => SetDword(11, value);
    }

    public uint Dw12
    {
        get => Dword(12);
        set => SetDword(12, value);
    }

    public uint Dw13
    {
        get => Dword(13);
        set => SetDword(13, value);
    }

    public uint Dw14
    {
        get => Dword(14);
        set => SetDword(14, value);
    }

    public uint Dw15
    {
        get => Dword(15);
        set => SetDword(15, value);
    }

    /// <summary>SLBA of Read, Write, Write Zeroes: DW10 and DW11.</summary>
    public ulong StartingLba
    {
        get => BinaryPrimitives.ReadUInt64LittleEndian(_bytes[40..]);
        set => BinaryPrimitives.WriteUInt64LittleEndian(_bytes[40..], value);
    }

    /// <summary>Number of logical blocks of Read, Write, Write Zeroes, 1 to 65536 (coded 0's based in DW12).</summary>
    public int BlockCount
    {
        get => (int)(Dw12 & 0xFFFF) + 1;
        set => Dw12 = (Dw12 & 0xFFFF_0000) | (uint)(value - 1);
    }

    /// <summary>FUA of Read, Write, Write Zeroes.</summary>
    public bool ForceUnitAccess
    {
        get => (Dw12 & (1u << 30)) != 0;
        set => Dw12 = (Dw12 & ~(1u << 30)) | (value ? 1u << 30 : 0);
    }

    /// <summary>DEAC of Write Zeroes: the blocks may be deallocated, where those read as zeroes.</summary>
    public bool MayDeallocate => (Dw12 & (1u << 25)) != 0;

    /// <summary>Number of ranges of Dataset Management, 1 to 256 (coded 0's based in DW10).</summary>
    public int RangeCount => (int)(Dw10 & 0xFF) + 1;

    public uint Dword(int index) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[(index * 4)..]);

    private void SetDword(int index, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(_bytes[(index * 4)..], value);
}
