namespace ExpEther.Qemu.Qmp;

/// <summary>How a command ended.</summary>
public enum QmpOutcome
{
    /// <summary>QEMU did it.</summary>
    Done,

    /// <summary>QEMU answered with an error.</summary>
    Refused,

    /// <summary>No answer in time: it may be done, or will be.</summary>
    TimedOut,

    /// <summary>The connection ended before the answer: it may be done.</summary>
    Disconnected,

    /// <summary>Never sent: there is no connection, or too much waits on it.</summary>
    NotSent,
}
