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

    /// <summary>A spinning loop offers its core this often; sooner would cost every round trip a system call.</summary>
    public const int OfferMicroseconds = 10;

    /// <summary>
    /// Who took the core for longer than this is no passing guest. At 10 µs a virtual machine's loops counted a core as taken that nobody wanted, and
    /// slept within a round trip; at 60 they did not. A peer on the same core that answers and lets go is welcome.
    /// </summary>
    public const int YieldMicrosecondsMax = 60;

    /// <summary>How long a loop that had to share its core does not spin.</summary>
    public const int CrowdedMilliseconds = 10;

    /// <summary>A busy loop looks at its control socket this often.</summary>
    public const int ControlMicroseconds = 1000;

    /// <summary>The port's carrier and the kernel's drop counts are looked at this often.</summary>
    public const int RefreshMilliseconds = 1000;

    /// <summary>How long the last frames may take to leave at the end.</summary>
    public const int ClosingMilliseconds = 250;

    /// <summary>How long whoever asks for a guest's state waits for its QEMU.</summary>
    public const int GuestRefreshMilliseconds = 500;
}
