namespace ExpEther.Link;

/// <summary>Why an incoming frame was dropped.</summary>
public enum FrameDrop : byte
{
    /// <summary>Not for this link's MAC.</summary>
    WrongDestination,

    /// <summary>Not from the peer's MAC.</summary>
    WrongSource,

    WrongVlan,

    /// <summary>Shorter than its header says, or fields that cannot be.</summary>
    Malformed,

    WrongVersion,

    /// <summary>Sealed where unsealed is configured, or the other way.</summary>
    WrongForm,

    WrongPath,

    /// <summary>An epoch that is over, or never was.</summary>
    OldEpoch,

    /// <summary>A frame number seen before, or older than the replay window.</summary>
    Replayed,

    /// <summary>The AES-GCM tag does not fit: forged, damaged or another key.</summary>
    BrokenSeal,

    /// <summary>The CRC32C of an unsealed frame does not fit.</summary>
    BadChecksum,

    /// <summary>A set-up frame that answers nothing we asked.</summary>
    UnexpectedSetup,

    /// <summary>The link is closed.</summary>
    NotOpen,

    /// <summary>Beyond the receive window; the peer will send it again.</summary>
    OutOfWindow,
}
