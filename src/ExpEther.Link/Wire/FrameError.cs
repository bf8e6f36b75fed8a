namespace ExpEther.Link.Wire;

/// <summary>Why bytes are not a frame of ours.</summary>
public enum FrameError : byte
{
    None,

    /// <summary>Shorter than a header, or than the header's own Length.</summary>
    Truncated,

    WrongVersion,

    UnknownType,

    /// <summary>Length does not even cover the header.</summary>
    BadLength,
}
