namespace ExpEther.Pcie.Tlp;

/// <summary>What a table of outstanding requests knows of a requester ID and tag.</summary>
public enum OutstandingState
{
    /// <summary>Nothing: a completion for it is unexpected.</summary>
    None,

    /// <summary>Waiting for its completion.</summary>
    Live,

    /// <summary>Timed out; the tag stays taken until the final completion comes, and late completions are swallowed.</summary>
    Quarantined,
}
