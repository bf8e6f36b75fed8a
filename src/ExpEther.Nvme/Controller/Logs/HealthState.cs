using ExpEther.Core.Time;
using ExpEther.Nvme.Controller.Namespaces;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Logs;

/// <summary>What the SMART log reports (NVMe 1.4 §5.14.1.2). Software has no temperature: a constant stands for it.</summary>
internal sealed class HealthState(NvmeControllerCounters counters, ErrorLog errors)
{
    public const ushort TemperatureKelvin = 300;
    public const ushort WarningKelvin = 343;
    public const ushort CriticalKelvin = 353;
    /// <summary>Critical warnings that storage can cause.</summary>
    public const byte StorageWarnings = ReliabilityWarning | ReadOnlyWarning;

    private const ulong DataUnitBytes = 512_000;
    private const byte TemperatureWarning = 1 << 1;
    private const byte ReliabilityWarning = 1 << 2;
    private const byte ReadOnlyWarning = 1 << 3;

    private Instant? _since;

    public int PowerCycles { get; set; } = 1;

    public int UnsafeShutdowns { get; set; }

    public void OnTime(Instant now) => _since ??= now;

    /// <summary>Fills the log. What the configuration protects from writing is well, and no warning (figure 194, bit 3).</summary>
    public void Write(Span<byte> into, bool temperatureWarning, StorageTrouble storage, Instant now)
    {
        var log = new SmartLog(into)
        {
            CriticalWarning = (byte)(
                (temperatureWarning ? TemperatureWarning : 0) | (storage.IsDegraded ? ReliabilityWarning : 0)
                | (storage.IsReadOnly(now) ? ReadOnlyWarning : 0)),
            CompositeTemperature = TemperatureKelvin,
            AvailableSpare = 100,
            DataUnitsRead = Units(counters.BytesRead),
            DataUnitsWritten = Units(counters.BytesWritten),
            HostReadCommands = (ulong)counters.ReadCommands,
            HostWriteCommands = (ulong)counters.WriteCommands,
            PowerCycles = (ulong)PowerCycles,
            UnsafeShutdowns = (ulong)UnsafeShutdowns,
            MediaErrors = (ulong)counters.MediaErrors,
            ErrorLogEntries = errors.Count,
        };
        log.PowerOnHours = _since is { } since ? (ulong)(now - since).TotalHours : 0;
    }

    private static ulong Units(long bytes) => ((ulong)bytes + DataUnitBytes - 1) / DataUnitBytes;
}
