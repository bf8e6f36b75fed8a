using System.Buffers.Binary;

namespace ExpEther.Nvme.Protocol;

/// <summary>
/// The Primary Controller Capabilities, 4096 bytes (NVMe 1.4 §5.15, CNS 14h), as a view: what of queues (VQ) and interrupts (VI) the primary
/// controller has to distribute.
/// </summary>
public readonly ref struct PrimaryControllerCapabilities
{
    public const int PortIdOffset = 2;
    public const int ResourceTypesOffset = 4;
    public const int QueuesOffset = 32;
    public const int InterruptsOffset = 64;

    private const int TotalOffset = 0;
    private const int AssignedOffset = 4;
    private const int PrimaryOffset = 8;
    private const int PrivateOffset = 10;
    private const int SecondaryMaxOffset = 12;
    private const int GranularityOffset = 14;

    private readonly Span<byte> _bytes;

    /// <param name="bytes">At least 4096 bytes.</param>
    public PrimaryControllerCapabilities(Span<byte> bytes)
    {
        _bytes = bytes[..NvmeSizes.IdentifyBytes];
    }

    /// <summary>CNTLID of the primary controller.</summary>
    public ushort ControllerId
    {
        get => BinaryPrimitives.ReadUInt16LittleEndian(_bytes);
        set => BinaryPrimitives.WriteUInt16LittleEndian(_bytes, value);
    }

    /// <summary>PORTID.</summary>
    public ushort PortId
    {
        get => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[PortIdOffset..]);
        set => BinaryPrimitives.WriteUInt16LittleEndian(_bytes[PortIdOffset..], value);
    }

    /// <summary>CRT.</summary>
    public ResourceTypes ResourceTypes
    {
        get => (ResourceTypes)_bytes[ResourceTypesOffset];
        set => _bytes[ResourceTypesOffset] = (byte)value;
    }

    /// <summary>VQFRT, VQRFA, VQRFAP, VQPRT, VQFRSM, VQGRAN.</summary>
    public FlexibleResources Queues
    {
        get => Get(QueuesOffset);
        set => Set(QueuesOffset, value);
    }

    /// <summary>VIFRT, VIRFA, VIRFAP, VIPRT, VIFRSM, VIGRAN.</summary>
    public FlexibleResources Interrupts
    {
        get => Get(InterruptsOffset);
        set => Set(InterruptsOffset, value);
    }

    private FlexibleResources Get(int at)
    {
        var from = _bytes[at..];
        return new FlexibleResources(
            BinaryPrimitives.ReadUInt32LittleEndian(from[TotalOffset..]), BinaryPrimitives.ReadUInt32LittleEndian(from[AssignedOffset..]),
            BinaryPrimitives.ReadUInt16LittleEndian(from[PrimaryOffset..]), BinaryPrimitives.ReadUInt16LittleEndian(from[PrivateOffset..]),
            BinaryPrimitives.ReadUInt16LittleEndian(from[SecondaryMaxOffset..]),
            BinaryPrimitives.ReadUInt16LittleEndian(from[GranularityOffset..]));
    }

    private void Set(int at, in FlexibleResources value)
    {
        var into = _bytes[at..];
        BinaryPrimitives.WriteUInt32LittleEndian(into[TotalOffset..], value.Total);
        BinaryPrimitives.WriteUInt32LittleEndian(into[AssignedOffset..], value.Assigned);
        BinaryPrimitives.WriteUInt16LittleEndian(into[PrimaryOffset..], value.AssignedToPrimary);
        BinaryPrimitives.WriteUInt16LittleEndian(into[PrivateOffset..], value.PrivateOfPrimary);
        BinaryPrimitives.WriteUInt16LittleEndian(into[SecondaryMaxOffset..], value.SecondaryMax);
        BinaryPrimitives.WriteUInt16LittleEndian(into[GranularityOffset..], value.Granularity);
    }
}
