namespace ExpEther.Daemon.State;

/// <summary>Whether a file of state can be used.</summary>
internal enum StateFileCondition : byte
{
    /// <summary>There is none, and never was one: a first start.</summary>
    Missing,

    /// <summary>There is none, and there was one.</summary>
    Lost,

    /// <summary>As it was written.</summary>
    Whole,

    /// <summary>In no envelope: of a version of ExpEther that had none.</summary>
    Unwrapped,

    /// <summary>Not as it was written, or it cannot be read.</summary>
    Damaged,
}
