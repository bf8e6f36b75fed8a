namespace ExpEther.RootComplex;

/// <summary>The bounds of a root complex, all in one place.</summary>
public static class RootComplexLimits
{
    public const int MemoryBytesMax = 1 << 30;

    /// <summary>Posted writes that wait to leave; past it <see cref="Functions.PciFunction.TryWrite32"/> says no.</summary>
    public const int PostedWritesMax = 1024;

    /// <summary>DMA reads whose completions wait to leave.</summary>
    public const int DmaReadsMax = 4096;

    /// <summary>The CPU's outstanding non-posted requests: an 8-bit tag each.</summary>
    public const int RequestTagsMax = 256;

    /// <summary>The CPU's requests that wait for a tag.</summary>
    public const int RequestsWaitingMax = 1024;

    public const int InterruptVectorsMax = 4096;

    /// <summary>Interrupt handlers run at one turn of the owner loop.</summary>
    public const int InterruptsPerPollMax = 256;

    public const int FunctionVectorsMax = 2048;

    /// <summary>Capabilities walked in one chain: a corrupt chain ends here.</summary>
    public const int CapabilitiesMax = 48;

    public const int BridgeDepthMax = 8;

    /// <summary>How long a function may answer "configuration request retry" after reset before it is given up.</summary>
    public static readonly TimeSpan ConfigRetryTimeout = TimeSpan.FromSeconds(60);

    /// <summary>PCIe 5.0 §6.6.1: no configuration request earlier than this after a link came up.</summary>
    public static readonly TimeSpan ResetSettleTime = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a function-level reset may take (PCIe 5.0 §6.6.2).</summary>
    public static readonly TimeSpan FunctionResetTime = TimeSpan.FromMilliseconds(100);

    /// <summary>How long a sequence waits for room among the posted writes.</summary>
    public static readonly TimeSpan PostedWriteTimeout = TimeSpan.FromSeconds(30);

    /// <summary>A slot's registers are looked at again after this, in case an interrupt was lost.</summary>
    public static readonly TimeSpan SlotLookAgain = TimeSpan.FromMilliseconds(100);

    /// <summary>Reads of Slot Status in one service of a slot: a status that never settles ends here.</summary>
    public const int SlotStatusReadsMax = 16;

    /// <summary>Error sources looked up at once; others are only counted.</summary>
    public const int ErrorSourcesMax = 16;

    /// <summary>How long a powered slot may take to bring its link up.</summary>
    public static readonly TimeSpan LinkUpTimeout = TimeSpan.FromSeconds(1);

    /// <summary>How long a hot-plug command may take (PCIe 5.0 §6.7.3.2: 1 s).</summary>
    public static readonly TimeSpan SlotCommandTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Between power off and the next power on of a slot (PCIe 5.0 §6.7.1.8: at least 1 s).</summary>
    public static readonly TimeSpan PowerOffTime = TimeSpan.FromSeconds(1);
}
