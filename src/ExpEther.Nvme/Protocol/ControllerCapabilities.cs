namespace ExpEther.Nvme.Protocol;

/// <summary>CAP (NVMe 1.4 §3.1.1). Fields as coded: MQES is 0's based, TO counts 500 ms, page sizes are 2^(12+n) bytes.</summary>
public readonly record struct ControllerCapabilities(ulong Value)
{
    public ControllerCapabilities(int maxQueueEntries, bool contiguousQueuesRequired, int timeoutUnits, int mpsMin, int mpsMax)
        : this((ulong)(uint)(maxQueueEntries - 1)
            | (contiguousQueuesRequired ? 1UL << 16 : 0)
            | ((ulong)(uint)timeoutUnits << 24)
            | CommandSetNvm
            | ((ulong)(uint)mpsMin << 48)
            | ((ulong)(uint)mpsMax << 52))
    {
    }

    private const ulong CommandSetNvm = 1UL << 37;

    /// <summary>Maximum Queue Entries Supported, 0's based.</summary>
    public int Mqes => (int)(Value & 0xFFFF);

    /// <summary>Contiguous Queues Required.</summary>
    public bool Cqr => (Value & (1UL << 16)) != 0;

    /// <summary>Arbitration mechanisms beside round robin.</summary>
    public int Ams => (int)(Value >> 17) & 3;

    /// <summary>The longest a change of CSTS.RDY takes, in units of 500 ms.</summary>
    public int To => (int)(Value >> 24) & 0xFF;

    public int Dstrd => (int)(Value >> 32) & 0xF;

    public bool Nssrs => (Value & (1UL << 36)) != 0;

    /// <summary>Command sets: bit 0 is NVM.</summary>
    public int Css => (int)(Value >> 37) & 0xFF;

    public int MpsMin => (int)(Value >> 48) & 0xF;

    public int MpsMax => (int)(Value >> 52) & 0xF;
}
