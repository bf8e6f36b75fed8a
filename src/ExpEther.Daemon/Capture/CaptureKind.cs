namespace ExpEther.Daemon.Capture;

/// <summary>Kinds of TLPs as a user names them.</summary>
[Flags]
public enum CaptureKind
{
    None = 0,
    MRd = 1,
    MWr = 2,
    CfgRd = 4,
    CfgWr = 8,

    /// <summary>Completions, with data or without.</summary>
    Cpl = 16,

    /// <summary>Messages, with data or without.</summary>
    Msg = 32,

    /// <summary>FetchAdd, Swap, compare-and-swap.</summary>
    Atomic = 64,
    All = MRd | MWr | CfgRd | CfgWr | Cpl | Msg | Atomic,
}
