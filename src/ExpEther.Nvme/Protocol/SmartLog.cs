using System.Buffers.Binary;

namespace ExpEther.Nvme.Protocol;

/// <summary>
/// The SMART / Health Information log, 512 bytes (NVMe 1.4 figure 194), as a view. Counters are 128 bits wide; their low half is used.
/// </summary>
public readonly ref struct SmartLog
{
    public const int Bytes = 512;
    public const int CriticalWarningOffset = 0;
    public const int CompositeTemperatureOffset = 1;
    public const int AvailableSpareOffset = 3;
    public const int AvailableSpareThresholdOffset = 4;
    public const int PercentageUsedOffset = 5;
    public const int DataUnitsReadOffset = 32;
    public const int DataUnitsWrittenOffset = 48;
    public const int HostReadCommandsOffset = 64;
    public const int HostWriteCommandsOffset = 80;
    public const int PowerCyclesOffset = 112;
    public const int PowerOnHoursOffset = 128;
    public const int UnsafeShutdownsOffset = 144;
    public const int MediaErrorsOffset = 160;
    public const int ErrorLogEntriesOffset = 176;

    private readonly Span<byte> _bytes;

    public SmartLog(Span<byte> bytes)
    {
        _bytes = bytes[..Bytes];
    }

    /// <summary>Bit 1: temperature past a threshold; bit 2: reliability degraded by errors of the media; bit 3: media read only.</summary>
    public byte CriticalWarning
    {
        get => _bytes[CriticalWarningOffset];
        set => _bytes[CriticalWarningOffset] = value;
    }

    /// <summary>Kelvin.</summary>
    public ushort CompositeTemperature
    {
        get => BinaryPrimitives.ReadUInt16LittleEndian(_bytes[CompositeTemperatureOffset..]);
        set => BinaryPrimitives.WriteUInt16LittleEndian(_bytes[CompositeTemperatureOffset..], value);
    }

    /// <summary>Per cent.</summary>
    public byte AvailableSpare
    {
        get => _bytes[AvailableSpareOffset];
        set => _bytes[AvailableSpareOffset] = value;
    }

    /// <summary>Thousands of 512-byte units, rounded up.</summary>
    public ulong DataUnitsRead
    {
        get => Counter(DataUnitsReadOffset);
        set => SetCounter(DataUnitsReadOffset, value);
    }

    /// <summary>Thousands of 512-byte units, rounded up.</summary>
    public ulong DataUnitsWritten
    {
        get => Counter(DataUnitsWrittenOffset);
        set => SetCounter(DataUnitsWrittenOffset, value);
    }

    public ulong HostReadCommands
    {
        get => Counter(HostReadCommandsOffset);
        set => SetCounter(HostReadCommandsOffset, value);
    }

    public ulong HostWriteCommands
    {
        get => Counter(HostWriteCommandsOffset);
        set => SetCounter(HostWriteCommandsOffset, value);
    }

    public ulong PowerCycles
    {
        get => Counter(PowerCyclesOffset);
        set => SetCounter(PowerCyclesOffset, value);
    }

    public ulong PowerOnHours
    {
        get => Counter(PowerOnHoursOffset);
        set => SetCounter(PowerOnHoursOffset, value);
    }

    public ulong UnsafeShutdowns
    {
        get => Counter(UnsafeShutdownsOffset);
        set => SetCounter(UnsafeShutdownsOffset, value);
    }

    public ulong MediaErrors
    {
        get => Counter(MediaErrorsOffset);
        set => SetCounter(MediaErrorsOffset, value);
    }

    public ulong ErrorLogEntries
    {
        get => Counter(ErrorLogEntriesOffset);
        set => SetCounter(ErrorLogEntriesOffset, value);
    }

    private ulong Counter(int offset) => BinaryPrimitives.ReadUInt64LittleEndian(_bytes[offset..]);

    private void SetCounter(int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(_bytes[offset..], value);
}
