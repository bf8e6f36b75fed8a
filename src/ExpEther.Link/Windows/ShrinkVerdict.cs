namespace ExpEther.Link.Windows;

/// <summary>What <see cref="ShrinkWatch"/> found.</summary>
internal enum ShrinkVerdict : byte
{
    /// <summary>Nothing, or not enough yet.</summary>
    GoOn,

    /// <summary>Send shorter frames.</summary>
    Shorter,

    /// <summary>What must be sent no longer fits the path.</summary>
    Over,
}
