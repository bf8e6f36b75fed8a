using System.Buffers.Binary;

namespace ExpEther.Nvme.Protocol;

/// <summary>The Identify Namespace data structure, 4096 bytes (NVMe 1.4 figure 245), as a view: what is used here.</summary>
public readonly ref struct IdentifyNamespace
{
    public const int NsizeOffset = 0;
    public const int NcapOffset = 8;
    public const int NuseOffset = 16;
    public const int NsfeatOffset = 24;
    public const int NlbafOffset = 25;
    public const int FlbasOffset = 26;
    public const int DpsOffset = 29;
    public const int NmicOffset = 30;
    public const int DlfeatOffset = 33;
    public const int NvmcapOffset = 48;
    public const int NpwgOffset = 64;
    public const int NpwaOffset = 66;
    public const int NpdgOffset = 68;
    public const int NpdaOffset = 70;
    public const int NowsOffset = 72;
    public const int NsattrOffset = 99;
    public const int NguidOffset = 104;
    public const int Eui64Offset = 120;
    public const int LbaFormatsOffset = 128;

    private readonly Span<byte> _bytes;

    public IdentifyNamespace(Span<byte> bytes)
    {
        _bytes = bytes[..NvmeSizes.IdentifyBytes];
    }

    /// <summary>NSZE, in blocks; zero for an inactive namespace.</summary>
    public ulong Size
    {
        get => BinaryPrimitives.ReadUInt64LittleEndian(_bytes[NsizeOffset..]);
        set => BinaryPrimitives.WriteUInt64LittleEndian(_bytes[NsizeOffset..], value);
    }

    public ulong Capacity
    {
        get => BinaryPrimitives.ReadUInt64LittleEndian(_bytes[NcapOffset..]);
        set => BinaryPrimitives.WriteUInt64LittleEndian(_bytes[NcapOffset..], value);
    }

    public ulong Utilization
    {
        get => BinaryPrimitives.ReadUInt64LittleEndian(_bytes[NuseOffset..]);
        set => BinaryPrimitives.WriteUInt64LittleEndian(_bytes[NuseOffset..], value);
    }

    /// <summary>NLBAF, 0's based.</summary>
    public byte LbaFormatCountMinusOne
    {
        get => _bytes[NlbafOffset];
        set => _bytes[NlbafOffset] = value;
    }

    /// <summary>FLBAS: index of the format in use (3:0), metadata at the end of each block (4).</summary>
    public byte FormattedLbaSize
    {
        get => _bytes[FlbasOffset];
        set => _bytes[FlbasOffset] = value;
    }

    /// <summary>FLBAS 3:0: index of the format in use.</summary>
    public int FormatIndex => _bytes[FlbasOffset] & 0xF;

    /// <summary>DPS: end-to-end protection in use; 0: none.</summary>
    public byte ProtectionSettings
    {
        get => _bytes[DpsOffset];
        set => _bytes[DpsOffset] = value;
    }

    /// <summary>NMIC bit 0: may be attached to two or more controllers at once.</summary>
    public bool IsShared
    {
        get => (_bytes[NmicOffset] & 1) != 0;
        set => _bytes[NmicOffset] = (byte)((_bytes[NmicOffset] & 0xFE) | (value ? 1 : 0));
    }

    /// <summary>NVMCAP: bytes of NVM that the namespace takes; 0: not told.</summary>
    public UInt128 AllocatedBytes
    {
        get => BinaryPrimitives.ReadUInt128LittleEndian(_bytes[NvmcapOffset..]);
        set => BinaryPrimitives.WriteUInt128LittleEndian(_bytes[NvmcapOffset..], value);
    }

    public LbaFormat Format => GetLbaFormat(FormatIndex);

    /// <summary>NSFEAT bit 4: NPWG, NPWA, NPDG, NPDA and NOWS say something.</summary>
    public bool HasOptimalSizes
    {
        get => (_bytes[NsfeatOffset] & 0x10) != 0;
        set => _bytes[NsfeatOffset] = (byte)((_bytes[NsfeatOffset] & ~0x10) | (value ? 0x10 : 0));
    }

    /// <summary>DLFEAT: how deallocated blocks read.</summary>
    public DeallocateFeatures DeallocateFeatures
    {
        get => (DeallocateFeatures)_bytes[DlfeatOffset];
        set => _bytes[DlfeatOffset] = (byte)value;
    }

    /// <summary>NPWG and NPWA, in blocks, 0's based: preferred length and place of a write. NOWS, the optimal length, becomes the same.</summary>
    public ushort PreferredWriteGranularity
    {
        get => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[NpwgOffset..]);
        set
        {
            BinaryPrimitives.WriteUInt16LittleEndian(_bytes[NpwgOffset..], value);
            BinaryPrimitives.WriteUInt16LittleEndian(_bytes[NpwaOffset..], value);
            BinaryPrimitives.WriteUInt16LittleEndian(_bytes[NowsOffset..], value);
        }
    }

    /// <summary>NPDG and NPDA, in blocks, 0's based: preferred length and place of a deallocation.</summary>
    public ushort PreferredDeallocateGranularity
    {
        get => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[NpdgOffset..]);
        set
        {
            BinaryPrimitives.WriteUInt16LittleEndian(_bytes[NpdgOffset..], value);
            BinaryPrimitives.WriteUInt16LittleEndian(_bytes[NpdaOffset..], value);
        }
    }

    /// <summary>NSATTR bit 0: the namespace is write protected.</summary>
    public bool IsWriteProtected
    {
        get => (_bytes[NsattrOffset] & 1) != 0;
        set => _bytes[NsattrOffset] = (byte)((_bytes[NsattrOffset] & 0xFE) | (value ? 1 : 0));
    }

    /// <summary>16 bytes, globally unique; zeros when there is none.</summary>
    public Span<byte> Nguid => _bytes.Slice(NguidOffset, 16);

    /// <summary>8 bytes, big-endian.</summary>
    public Span<byte> Eui64 => _bytes.Slice(Eui64Offset, 8);

    public LbaFormat GetLbaFormat(int index) => LbaFormat.FromDword(BinaryPrimitives.ReadUInt32LittleEndian(_bytes[(LbaFormatsOffset + (4 * index))..]));

    public void SetLbaFormat(int index, LbaFormat format) =>
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes[(LbaFormatsOffset + (4 * index))..], format.ToDword());
}
