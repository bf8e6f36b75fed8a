namespace ExpEther.Daemon.Loop;

/// <summary>How much one turn of an owner loop does, and how long it waits.</summary>
public static class LoopLimits
{
    /// <summary>Frames taken from the port before the parts run.</summary>
    public const int FramesPerTurnMax = 64;

    /// <summary>TLPs moved each way between a root complex and its bridge before the others' turn.</summary>
    public const int TlpsPerTurnMax = 64;

    /// <summary>Continuations of slow sequences run at one turn.</summary>
    public const int ContinuationsPerTurnMax = 256;

    /// <summary>Spinning before sleeping, adapted between these: a blocked thread costs about 50 µs to wake.</summary>
    public const int SpinMicrosecondsMin = 20;
    public const int SpinMicrosecondsMax = 50;

    /// <summary>sched_yield(2) returns sooner than this when nobody else wants the core.</summary>
    public const int YieldMicrosecondsMax = 10;

    /// <summary>How long a loop that had to share its core does not spin.</summary>
    public const int CrowdedMilliseconds = 10;

    /// <summary>A busy loop looks at its control socket this often.</summary>
    public const int ControlMicroseconds = 500;

    /// <summary>The port's carrier and the kernel's drop counts are looked at this often.</summary>
    public const int RefreshMilliseconds = 1000;

    /// <summary>How long the last frames may take to leave at the end.</summary>
    public const int ClosingMilliseconds = 250;
}
