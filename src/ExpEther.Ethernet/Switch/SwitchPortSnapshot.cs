namespace ExpEther.Ethernet.Switch;

/// <summary>One port's configuration, faults and counts at a moment. Bytes count whole frames without FCS.</summary>
public sealed record SwitchPortSnapshot(
    string Name,
    string Mode,
    int MtuBytes,
    long FramesIn,
    long BytesIn,
    long FramesOut,
    long BytesOut,
    long FramesFlooded,
    long StationMoves,
    long StationMovesRefused,
    IReadOnlyDictionary<SwitchDropReason, long> Drops,
    int Queued,
    double DropProbability,
    long DropNext,
    bool IsCut,
    TimeSpan Delay);
