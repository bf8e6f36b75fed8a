namespace ExpEther.Link.Wire;

/// <summary>What a frame is for (docs/wire-format.md, "Frame types").</summary>
public enum FrameType : byte
{
    /// <summary>Records, acknowledgement, or only a sign of life.</summary>
    Data = 0,

    /// <summary>The initiator asks for a new epoch.</summary>
    Init = 1,

    /// <summary>The responder agrees.</summary>
    Accept = 2,

    /// <summary>The responder does not know the epoch it was spoken to in.</summary>
    Stale = 3,

    /// <summary>The sender has ended the epoch.</summary>
    Reset = 4,

    /// <summary>A host bridge says that it is there.</summary>
    Announce = 5,

    /// <summary>The initiator asks for the responder's challenge.</summary>
    Hello = 6,

    /// <summary>The responder tells its challenge, which the next INIT must return.</summary>
    Challenge = 7,
}
