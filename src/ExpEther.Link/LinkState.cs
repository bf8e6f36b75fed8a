namespace ExpEther.Link;

/// <summary>What a link is doing, as its user sees it. The state machine of set-up is described at <see cref="EtherLink"/>.</summary>
public enum LinkState : byte
{
    /// <summary>Not opened, or closed. Frames that arrive are counted and dropped.</summary>
    Closed,

    /// <summary>Opened, no epoch yet: the initiator sends INIT, the responder waits for one.</summary>
    Connecting,

    /// <summary>An epoch is agreed; TLPs and control messages travel.</summary>
    Up,
}
