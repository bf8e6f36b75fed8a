namespace ExpEther.Ethernet.Switch;

/// <summary>Why a switch port did not pass a frame on. Counted at the port named in each.</summary>
public enum SwitchDropReason
{
    /// <summary>Ingress: no whole Ethernet header.</summary>
    Malformed,

    /// <summary>Ingress: no tag on a trunk.</summary>
    Untagged,

    /// <summary>Ingress: tagged with a VLAN that the port does not carry, or with VID 4095.</summary>
    WrongVlan,

    /// <summary>Ingress: the source is a group address.</summary>
    InvalidSource,

    /// <summary>Ingress: the destination was learned on the same port.</summary>
    SameSegment,

    /// <summary>Ingress: no other port carries the VLAN.</summary>
    NoReceiver,

    /// <summary>Egress: longer than the port's MTU.</summary>
    TooLong,

    /// <summary>Egress: the queue is full.</summary>
    QueueFull,

    /// <summary>Either: dropped on demand, by probability or count.</summary>
    Fault,

    /// <summary>Either: the port's cable is cut.</summary>
    Cut,
}
