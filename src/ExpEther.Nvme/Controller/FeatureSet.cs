using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller;

/// <summary>
/// The controller's features (NVMe 1.4 §5.21) as DW11 of Set Features gave them. None is saveable: a reset brings back the defaults.
/// </summary>
internal sealed class FeatureSet(int queuePairs)
{
    public const uint VolatileWriteCacheEnabled = 1;

    /// <summary>Asynchronous events that can be enabled: SMART critical warnings (7:0) and namespace attribute notices (8).</summary>
    public const uint EventsSupported = 0x1FF;

    public const uint NamespaceAttributeNotices = 0x100;
    private const uint CoalescingDisabled = 1u << 16;

    private readonly bool[] _noCoalescing = new bool[queuePairs + 1];

    public uint Arbitration { get; set; }

    public uint PowerManagement { get; set; }

    public ushort OverTemperature { get; set; }

    public ushort UnderTemperature { get; set; }

    public uint VolatileWriteCache { get; set; }

    public uint InterruptCoalescing { get; set; }

    public uint WriteAtomicity { get; set; }

    public uint AsyncEvents { get; set; }

    public bool IsWriteCacheEnabled => (VolatileWriteCache & VolatileWriteCacheEnabled) != 0;

    public bool IsTemperaturePastThreshold =>
        Logs.HealthState.TemperatureKelvin >= OverTemperature || Logs.HealthState.TemperatureKelvin <= UnderTemperature;

    /// <summary>Commands that one turn of an I/O queue may fetch: 2^AB, 111b meaning no limit.</summary>
    public int ArbitrationBurst => (Arbitration & 7) == 7 ? ControllerLimits.FetchEntriesMax : 1 << (int)(Arbitration & 7);

    /// <summary>Completion entries that one interrupt should tell of (§5.21.1.8), at least 1.</summary>
    public int AggregationThreshold => (int)(InterruptCoalescing & 0xFF) + 1;

    /// <summary>The longest an interrupt may be held for that; zero: none is held.</summary>
    public TimeSpan AggregationTime => 100 * TimeSpan.FromMicroseconds((InterruptCoalescing >> 8) & 0xFF);

    public bool Coalesces(int vector) => AggregationTime > TimeSpan.Zero && AggregationThreshold > 1 && !_noCoalescing[vector];

    /// <summary>Interrupt vectors there are: all there can be, or what a secondary controller was given.</summary>
    public int Vectors { get; set; } = queuePairs + 1;

    public void Reset()
    {
        Arbitration = 4;
        PowerManagement = 0;
        // §5.21.1.4: WCTEMP, where there is one.
        OverTemperature = Logs.HealthState.WarningKelvin;
        UnderTemperature = 0;
        VolatileWriteCache = VolatileWriteCacheEnabled;
        InterruptCoalescing = 0;
        WriteAtomicity = 0;
        AsyncEvents = 0;
        Array.Clear(_noCoalescing);
    }

    public uint VectorConfiguration(int vector) => (uint)vector | (_noCoalescing[vector] ? CoalescingDisabled : 0);

    public void SetVectorConfiguration(int vector, bool coalescingDisabled) => _noCoalescing[vector] = coalescingDisabled;

    /// <summary>Bits of SEL = supported capabilities (§5.13): changeable (2), namespace specific (1); nothing is saveable (0).</summary>
    public static uint Capabilities(FeatureId feature) => feature switch
    {
        FeatureId.ErrorRecovery => 0b110,
        _ => 0b100,
    };
}
