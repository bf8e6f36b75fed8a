namespace ExpEther.Link.Wire;

/// <summary>Bits of the frame header's flags; those not named are sent as 0 and ignored.</summary>
[Flags]
public enum FrameFlags : byte
{
    None = 0,

    /// <summary>The frame ends with a cryptographic tag, and a DATA or RESET frame's records are encrypted.</summary>
    Sealed = 1,

    /// <summary>TimestampEcho, EchoDelay and FrameEcho hold something.</summary>
    Echo = 2,
}
