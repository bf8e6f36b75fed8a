namespace ExpEther.Qemu.Qmp;

/// <summary>What a client counts.</summary>
public sealed class QmpCounters
{
    public long Connections { get; internal set; }

    public long Commands { get; internal set; }

    /// <summary>Commands that QEMU answered with an error.</summary>
    public long Refused { get; internal set; }

    public long TimedOut { get; internal set; }

    public long Events { get; internal set; }

    /// <summary>Answers to commands that had been given up.</summary>
    public long LateAnswers { get; internal set; }

    /// <summary>Connections closed for what came over them.</summary>
    public long Violations { get; internal set; }
}
