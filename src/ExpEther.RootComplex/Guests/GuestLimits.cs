namespace ExpEther.RootComplex.Guests;

/// <summary>The bounds of a guest's root complex, all in one place.</summary>
public static class GuestLimits
{
    /// <summary>The longest access to a BAR, bytes; whoever talks to the monitor tells it so.</summary>
    public const int AccessBytesMax = 1 << 20;

    /// <summary>Accesses of one slot that have not ended: a processor has one, and a guest many processors.</summary>
    public const int AccessesPerSlotMax = 64;

    /// <summary>What all of them together may be long, bytes.</summary>
    public const int AccessBytesPerSlotMax = 2 * AccessBytesMax;

    /// <summary>An access's buffer up to this is kept for the next one, so that ordinary accesses allocate nothing.</summary>
    public const int BufferBytesKept = 4096;

    /// <summary>Posted writes of one slot that wait to leave, in bytes of TLPs: the longest access and as much again.</summary>
    public const int PostedBytesPerSlotMax = 2 * AccessBytesMax;

    /// <summary>
    /// Requests of one slot that await completions. A few round trips read a whole configuration space with it, and the requests of all slots
    /// together stay below what a link has credits for.
    /// </summary>
    public const int RequestsInFlightMax = 64;

    /// <summary>A read of memory is cut into requests of this, aligned: what Max_Read_Request_Size is by default (PCIe 5.0 §7.5.3.4).</summary>
    public const int ReadRequestBytesMax = 512;

    /// <summary>How long a function level reset that the monitor asks for may take, so that it ends before QEMU's 5 s.</summary>
    public static readonly TimeSpan ResetTimeout = TimeSpan.FromSeconds(4);

    /// <summary>How often a function that was reset, or whose BARs are not known for certain, is asked again.</summary>
    public static readonly TimeSpan AskAgainInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// How long a virtual machine's monitor may take to show a function; by then the slot is told how it goes. QEMU's device_add asks the device some
    /// hundred questions. The function's box waits longer than this for an answer.
    /// </summary>
    public static readonly TimeSpan PlugTimeout = TimeSpan.FromSeconds(30);
}
