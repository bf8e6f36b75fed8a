namespace ExpEther.Link;

/// <summary>Why an epoch ended.</summary>
public enum LinkDownReason : byte
{
    /// <summary>This side closed the link.</summary>
    Closed,

    /// <summary>Nothing authentic was heard from the peer, or nothing acknowledged, for <see cref="LinkOptions.LinkDead"/>.</summary>
    Dead,

    /// <summary>The peer said RESET.</summary>
    PeerReset,

    /// <summary>The peer set up a new epoch: it restarted, or had declared the old one dead.</summary>
    PeerRestarted,

    /// <summary>The peer, authentic, broke the protocol.</summary>
    ProtocolError,

    /// <summary>The path carries no longer what the epoch's largest TLP needs; the next epoch has a smaller payload.</summary>
    PathShrank,
}
