namespace ExpEther.Bridge.Hosts;

/// <summary>How far a read of a host's memory is.</summary>
internal enum AskedStep : byte
{
    /// <summary>The memory is mapped: it is read when the answer leaves.</summary>
    Mapped,

    /// <summary>The host is to be asked.</summary>
    ToAsk,

    /// <summary>It was asked.</summary>
    Waiting,

    /// <summary>Its answer is here.</summary>
    Here,

    /// <summary>It gives none.</summary>
    Failed,
}
