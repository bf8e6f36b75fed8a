using System.Buffers.Binary;
using System.Text;

namespace ExpEther.Nvme.Protocol;

/// <summary>The Identify Controller data structure, 4096 bytes (NVMe 1.4 figure 247), as a view: what is used here.</summary>
public readonly ref struct IdentifyController
{
    public const int SerialNumberOffset = 4;
    public const int ModelNumberOffset = 24;
    public const int FirmwareRevisionOffset = 64;
    public const int VendorIdOffset = 0;
    public const int SubsystemVendorIdOffset = 2;
    public const int ArbitrationBurstOffset = 72;
    public const int IeeeOuiOffset = 73;
    public const int MultiPathOffset = 76;
    public const int MaxDataTransferOffset = 77;
    public const int ControllerIdOffset = 78;
    public const int VersionOffset = 80;
    public const int OptionalAsyncEventsOffset = 92;
    public const int ControllerAttributesOffset = 96;
    public const int ControllerTypeOffset = 111;
    public const int OptionalAdminCommandsOffset = 256;
    public const int AbortCommandLimitOffset = 258;
    public const int AsyncEventRequestLimitOffset = 259;
    public const int FirmwareUpdatesOffset = 260;
    public const int LogPageAttributesOffset = 261;
    public const int ErrorLogPageEntriesOffset = 262;
    public const int PowerStatesOffset = 263;
    public const int WarningTemperatureOffset = 266;
    public const int CriticalTemperatureOffset = 268;
    public const int TotalCapacityOffset = 280;
    public const int UnallocatedCapacityOffset = 296;
    public const int SubmissionEntrySizesOffset = 512;
    public const int CompletionEntrySizesOffset = 513;
    public const int MaxOutstandingCommandsOffset = 514;
    public const int NamespaceCountOffset = 516;
    public const int OptionalNvmCommandsOffset = 520;
    public const int FusedOperationsOffset = 522;
    public const int FormatAttributesOffset = 524;
    public const int VolatileWriteCacheOffset = 525;
    public const int AtomicWriteUnitNormalOffset = 526;
    public const int AtomicWriteUnitPowerFailOffset = 528;
    public const int SglSupportOffset = 536;
    public const int NamespacesAllowedOffset = 540;
    public const int SubsystemNqnOffset = 768;
    public const int PowerStateDescriptorsOffset = 2048;
    public const int VendorSpecificOffset = 3072;

    public const int SerialNumberBytes = 20;
    public const int ModelNumberBytes = 40;
    public const int FirmwareRevisionBytes = 8;
    public const int SubsystemNqnBytes = 256;

    private const int VendorFeaturesOffset = VendorSpecificOffset + 8;

    // What makes the vendor specific bytes ours.
    private static ReadOnlySpan<byte> VendorSignature => "EXPETHER"u8;

    private readonly Span<byte> _bytes;

    public IdentifyController(Span<byte> bytes)
    {
        _bytes = bytes[..NvmeSizes.IdentifyBytes];
    }

    /// <summary>ASCII, padded with spaces; without them here.</summary>
    public string SerialNumber
    {
        get => GetText(SerialNumberOffset, SerialNumberBytes);
        set => SetText(SerialNumberOffset, SerialNumberBytes, value, (byte)' ');
    }

    /// <summary>ASCII, padded with spaces; without them here.</summary>
    public string ModelNumber
    {
        get => GetText(ModelNumberOffset, ModelNumberBytes);
        set => SetText(ModelNumberOffset, ModelNumberBytes, value, (byte)' ');
    }

    /// <summary>ASCII, padded with spaces; without them here.</summary>
    public string FirmwareRevision
    {
        get => GetText(FirmwareRevisionOffset, FirmwareRevisionBytes);
        set => SetText(FirmwareRevisionOffset, FirmwareRevisionBytes, value, (byte)' ');
    }

    /// <summary>SUBNQN, UTF-8, ended by NUL.</summary>
    public string SubsystemNqn
    {
        get => GetText(SubsystemNqnOffset, SubsystemNqnBytes);
        set => SetText(SubsystemNqnOffset, SubsystemNqnBytes, value, 0);
    }

    /// <summary>32 bytes for each power state.</summary>
    public Span<byte> PowerStateDescriptors => _bytes[PowerStateDescriptorsOffset..(PowerStateDescriptorsOffset + (32 * 32))];

    /// <summary>PCI Vendor ID.</summary>
    public ushort VendorId
    {
        get => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[VendorIdOffset..]);
        set => BinaryPrimitives.WriteUInt16LittleEndian(_bytes[VendorIdOffset..], value);
    }

    /// <summary>PCI Subsystem Vendor ID.</summary>
    public ushort SubsystemVendorId
    {
        get => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[SubsystemVendorIdOffset..]);
        set => BinaryPrimitives.WriteUInt16LittleEndian(_bytes[SubsystemVendorIdOffset..], value);
    }

    /// <summary>RAB, recommended, as a power of two.</summary>
    public byte ArbitrationBurst
    {
        get => _bytes[ArbitrationBurstOffset];
        set => _bytes[ArbitrationBurstOffset] = value;
    }

    /// <summary>IEEE OUI of the vendor, 24 bits.</summary>
    public int IeeeOui
    {
        get => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[IeeeOuiOffset..]) | (_bytes[IeeeOuiOffset + 2] << 16);
        set
        {
            BinaryPrimitives.WriteUInt16LittleEndian(_bytes[IeeeOuiOffset..], (ushort)value);
            _bytes[IeeeOuiOffset + 2] = (byte)(value >> 16);
        }
    }

    /// <summary>CMIC.</summary>
    public MultiPathCapabilities MultiPath
    {
        get => (MultiPathCapabilities)_bytes[MultiPathOffset];
        set => _bytes[MultiPathOffset] = (byte)value;
    }

    /// <summary>MDTS: 2^n memory pages of the smallest size; 0 means no limit.</summary>
    public byte MaxDataTransfer
    {
        get => _bytes[MaxDataTransferOffset];
        set => _bytes[MaxDataTransferOffset] = value;
    }

    /// <summary>CNTLID.</summary>
    public ushort ControllerId
    {
        get => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[ControllerIdOffset..]);
        set => BinaryPrimitives.WriteUInt16LittleEndian(_bytes[ControllerIdOffset..], value);
    }

    /// <summary>VER, as the VS register.</summary>
    public uint Version
    {
        get => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[VersionOffset..]);
        set => BinaryPrimitives.WriteUInt32LittleEndian(_bytes[VersionOffset..], value);
    }

    /// <summary>OAES.</summary>
    public uint OptionalAsyncEvents
    {
        get => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[OptionalAsyncEventsOffset..]);
        set => BinaryPrimitives.WriteUInt32LittleEndian(_bytes[OptionalAsyncEventsOffset..], value);
    }

    /// <summary>CTRATT.</summary>
    public uint ControllerAttributes
    {
        get => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[ControllerAttributesOffset..]);
        set => BinaryPrimitives.WriteUInt32LittleEndian(_bytes[ControllerAttributesOffset..], value);
    }

    /// <summary>CNTRLTYPE: 1 is an I/O controller.</summary>
    public byte ControllerType
    {
        get => _bytes[ControllerTypeOffset];
        set => _bytes[ControllerTypeOffset] = value;
    }

    /// <summary>OACS.</summary>
    public OptionalAdminCommands OptionalAdminCommands
    {
        get => (OptionalAdminCommands)BinaryPrimitives.ReadUInt16LittleEndian(_bytes[OptionalAdminCommandsOffset..]);
        set => BinaryPrimitives.WriteUInt16LittleEndian(_bytes[OptionalAdminCommandsOffset..], (ushort)value);
    }

    /// <summary>ACL, 0's based.</summary>
    public byte AbortCommandLimit
    {
        get => _bytes[AbortCommandLimitOffset];
        set => _bytes[AbortCommandLimitOffset] = value;
    }

    /// <summary>AERL, 0's based.</summary>
    public byte AsyncEventRequestLimit
    {
        get => _bytes[AsyncEventRequestLimitOffset];
        set => _bytes[AsyncEventRequestLimitOffset] = value;
    }

    /// <summary>FRMW.</summary>
    public byte FirmwareUpdates
    {
        get => _bytes[FirmwareUpdatesOffset];
        set => _bytes[FirmwareUpdatesOffset] = value;
    }

    /// <summary>LPA.</summary>
    public byte LogPageAttributes
    {
        get => _bytes[LogPageAttributesOffset];
        set => _bytes[LogPageAttributesOffset] = value;
    }

    /// <summary>ELPE, 0's based.</summary>
    public byte ErrorLogPageEntries
    {
        get => _bytes[ErrorLogPageEntriesOffset];
        set => _bytes[ErrorLogPageEntriesOffset] = value;
    }

    /// <summary>NPSS, 0's based.</summary>
    public byte PowerStates
    {
        get => _bytes[PowerStatesOffset];
        set => _bytes[PowerStatesOffset] = value;
    }

    /// <summary>WCTEMP, kelvin.</summary>
    public ushort WarningTemperature
    {
        get => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[WarningTemperatureOffset..]);
        set => BinaryPrimitives.WriteUInt16LittleEndian(_bytes[WarningTemperatureOffset..], value);
    }

    /// <summary>CCTEMP, kelvin.</summary>
    public ushort CriticalTemperature
    {
        get => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[CriticalTemperatureOffset..]);
        set => BinaryPrimitives.WriteUInt16LittleEndian(_bytes[CriticalTemperatureOffset..], value);
    }

    /// <summary>TNVMCAP: bytes of NVM in the subsystem, where namespaces can be managed.</summary>
    public UInt128 TotalCapacity
    {
        get => BinaryPrimitives.ReadUInt128LittleEndian(_bytes[TotalCapacityOffset..]);
        set => BinaryPrimitives.WriteUInt128LittleEndian(_bytes[TotalCapacityOffset..], value);
    }

    /// <summary>UNVMCAP: bytes that belong to no namespace.</summary>
    public UInt128 UnallocatedCapacity
    {
        get => BinaryPrimitives.ReadUInt128LittleEndian(_bytes[UnallocatedCapacityOffset..]);
        set => BinaryPrimitives.WriteUInt128LittleEndian(_bytes[UnallocatedCapacityOffset..], value);
    }

    /// <summary>SQES: required (3:0) and maximum (7:4), powers of two.</summary>
    public byte SubmissionEntrySizes
    {
        get => _bytes[SubmissionEntrySizesOffset];
        set => _bytes[SubmissionEntrySizesOffset] = value;
    }

    /// <summary>CQES: required (3:0) and maximum (7:4), powers of two.</summary>
    public byte CompletionEntrySizes
    {
        get => _bytes[CompletionEntrySizesOffset];
        set => _bytes[CompletionEntrySizesOffset] = value;
    }

    /// <summary>MAXCMD.</summary>
    public ushort MaxOutstandingCommands
    {
        get => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[MaxOutstandingCommandsOffset..]);
        set => BinaryPrimitives.WriteUInt16LittleEndian(_bytes[MaxOutstandingCommandsOffset..], value);
    }

    /// <summary>NN: the highest valid NSID.</summary>
    public uint NamespaceCount
    {
        get => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[NamespaceCountOffset..]);
        set => BinaryPrimitives.WriteUInt32LittleEndian(_bytes[NamespaceCountOffset..], value);
    }

    /// <summary>ONCS.</summary>
    public OptionalNvmCommands OptionalNvmCommands
    {
        get => (OptionalNvmCommands)BinaryPrimitives.ReadUInt16LittleEndian(_bytes[OptionalNvmCommandsOffset..]);
        set => BinaryPrimitives.WriteUInt16LittleEndian(_bytes[OptionalNvmCommandsOffset..], (ushort)value);
    }

    /// <summary>FUSES.</summary>
    public ushort FusedOperations
    {
        get => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[FusedOperationsOffset..]);
        set => BinaryPrimitives.WriteUInt16LittleEndian(_bytes[FusedOperationsOffset..], value);
    }

    /// <summary>FNA.</summary>
    public byte FormatAttributes
    {
        get => _bytes[FormatAttributesOffset];
        set => _bytes[FormatAttributesOffset] = value;
    }

    /// <summary>VWC: bit 0 present, 2:1 how Flush takes the broadcast NSID (10b no, 11b yes).</summary>
    public byte VolatileWriteCache
    {
        get => _bytes[VolatileWriteCacheOffset];
        set => _bytes[VolatileWriteCacheOffset] = value;
    }

    /// <summary>AWUN, blocks, 0's based.</summary>
    public ushort AtomicWriteUnitNormal
    {
        get => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[AtomicWriteUnitNormalOffset..]);
        set => BinaryPrimitives.WriteUInt16LittleEndian(_bytes[AtomicWriteUnitNormalOffset..], value);
    }

    /// <summary>AWUPF, blocks, 0's based.</summary>
    public ushort AtomicWriteUnitPowerFail
    {
        get => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[AtomicWriteUnitPowerFailOffset..]);
        set => BinaryPrimitives.WriteUInt16LittleEndian(_bytes[AtomicWriteUnitPowerFailOffset..], value);
    }

    /// <summary>SGLS.</summary>
    public uint SglSupport
    {
        get => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[SglSupportOffset..]);
        set => BinaryPrimitives.WriteUInt32LittleEndian(_bytes[SglSupportOffset..], value);
    }

    /// <summary>MNAN: the most namespaces that can be, where this is fewer than NN; 0: not told.</summary>
    public uint NamespacesAllowed
    {
        get => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[NamespacesAllowedOffset..]);
        set => BinaryPrimitives.WriteUInt32LittleEndian(_bytes[NamespacesAllowedOffset..], value);
    }

    /// <summary>In the vendor specific bytes: "EXPETHER" at 3072, flags at 3080. None of a controller that is not ours.</summary>
    public ExpEtherFeatures VendorFeatures
    {
        get => _bytes.Slice(VendorSpecificOffset, VendorSignature.Length).SequenceEqual(VendorSignature)
            ? (ExpEtherFeatures)BinaryPrimitives.ReadUInt32LittleEndian(_bytes[VendorFeaturesOffset..])
            : ExpEtherFeatures.None;
        set
        {
            VendorSignature.CopyTo(_bytes[VendorSpecificOffset..]);
            BinaryPrimitives.WriteUInt32LittleEndian(_bytes[VendorFeaturesOffset..], (uint)value);
        }
    }

    private string GetText(int offset, int bytes) => Encoding.ASCII.GetString(_bytes.Slice(offset, bytes)).TrimEnd(' ', '\0');

    private void SetText(int offset, int bytes, string value, byte pad)
    {
        var field = _bytes.Slice(offset, bytes);
        field.Fill(pad);
        for (var i = 0; i < bytes && i < value.Length; i++)
        {
            // Only printable ASCII may be in these fields (§1.5).
            field[i] = value[i] is >= ' ' and <= '~' ? (byte)value[i] : (byte)'?';
        }
    }
}
