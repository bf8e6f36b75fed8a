namespace ExpEther.Bridge.Diagnosis;

/// <summary>Why no link to a peer comes up, as far as it can be known from this end.</summary>
public enum SetupTrouble
{
    /// <summary>Nothing is the matter, or nothing is heard.</summary>
    None,

    /// <summary>The peer announces itself, but does not answer. It may have another key: whoever answers tells that it has the same.</summary>
    NoAnswer,

    /// <summary>Set-up comes from the peer that this end's key does not open.</summary>
    KeyDiffers,

    /// <summary>One end seals, the other does not.</summary>
    SealDiffers,

    /// <summary>The peer's links speak another version of the wire format.</summary>
    VersionDiffers,

    /// <summary>A second station has the peer's identity; the link of the first goes on.</summary>
    Duplicate,

    /// <summary>Another station has this end's identity, and the link to the peer, or announces itself beside us.</summary>
    OursIsTaken,

    /// <summary>Two boxes have links under one name.</summary>
    NameTaken,
}
