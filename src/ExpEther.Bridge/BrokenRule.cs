namespace ExpEther.Bridge;

/// <summary>
/// A rule of the table in ARCHITECTURE.md that a bridge does not keep. Only tests can choose one: they show that it would be noticed. Each is
/// asked for where its rule stands.
/// </summary>
internal enum BrokenRule
{
    /// <summary>All rules are kept.</summary>
    None,

    /// <summary>I/O bridge: Mem_H becomes Mem_IO.</summary>
    Row1Address,

    /// <summary>I/O bridge: Host_H becomes Host_IO.</summary>
    Row1Requester,

    /// <summary>I/O bridge: Host_IO becomes Host_H again.</summary>
    Row2Requester,

    /// <summary>I/O bridge: VF_IO becomes VF_H.</summary>
    Row2Completer,

    /// <summary>I/O bridge: VF_H is what the host's last configuration write was sent to.</summary>
    Row3Capture,

    /// <summary>I/O bridge: Bus Master Enable reaches the device.</summary>
    Row3BusMaster,

    /// <summary>I/O bridge: VF_IO becomes VF_H, of DMA and of interrupts.</summary>
    Row4Requester,

    /// <summary>I/O bridge: the requester's RID says which host.</summary>
    Row4HostByRid,

    /// <summary>I/O bridge: VF_H becomes VF_IO.</summary>
    Row5Requester,

    /// <summary>I/O bridge: Host_H becomes Host_IO.</summary>
    Row5Completer,

    /// <summary>I/O bridge: VF_IO becomes VF_H.</summary>
    Row7ToHost,

    /// <summary>I/O bridge: Host_H becomes Host_IO, VF_H becomes VF_IO.</summary>
    Row7ToDevice,

    /// <summary>I/O bridge: what the physical function sends leaves the box for no host.</summary>
    Row8Leak,

    /// <summary>I/O bridge: a window takes whole requests only.</summary>
    WholeRequest,

    /// <summary>I/O bridge: no window without Memory Space Enable.</summary>
    MemorySpaceEnable,

    /// <summary>I/O bridge: no DMA without Bus Master Enable.</summary>
    BusMasterEnable,

    /// <summary>I/O bridge: a host's TLPs carry the generation of its assignment.</summary>
    Generation,

    /// <summary>I/O bridge: only the owner's TLPs reach a function.</summary>
    Owner,

    /// <summary>I/O bridge: an answer to a request from before a reset is swallowed.</summary>
    Era,

    /// <summary>I/O bridge: no 10-bit tag goes to a completer of 8-bit tags.</summary>
    Tag10Bit,

    /// <summary>I/O bridge: a host's tag is free again only when its request is answered.</summary>
    TagInUseToDevice,

    /// <summary>I/O bridge: so is a device's.</summary>
    TagInUseToHost,

    /// <summary>I/O bridge: a host's completion answers a request.</summary>
    UnexpectedToDevice,

    /// <summary>I/O bridge: a device's completion answers a request.</summary>
    UnexpectedToHost,

    /// <summary>I/O bridge: a host's TLP with a bad digest ends here.</summary>
    EcrcToDevice,

    /// <summary>I/O bridge: a device's TLP with a bad digest ends here.</summary>
    EcrcToHost,

    /// <summary>Host bridge: a configuration request reaches the function as type 0.</summary>
    HostConfigType,

    /// <summary>Host bridge: VF_H is learnt from configuration writes.</summary>
    HostCapture,

    /// <summary>Host bridge: TLPs are those of a function that is plugged.</summary>
    HostFunction,

    /// <summary>Host bridge: a box speaks for its own functions only.</summary>
    HostBox,

    /// <summary>Host bridge: a box's TLPs carry the generation of the assignment.</summary>
    HostGeneration,

    /// <summary>Host bridge: a function masters the bus in its own name only.</summary>
    HostRequester,

    /// <summary>Host bridge: no DMA without Bus Master Enable at the function.</summary>
    HostBusMaster,

    /// <summary>Host bridge: no DMA without Bus Master Enable at the ports above.</summary>
    HostPortBusMaster,

    /// <summary>Host bridge: what the host has not mapped is refused.</summary>
    HostRange,

    /// <summary>Host bridge: so is what it has mapped with other rights.</summary>
    HostRights,

    /// <summary>Host bridge: a write to the interrupt window is an interrupt.</summary>
    HostInterrupt,

    /// <summary>Host bridge: completions are cut to what the link carries.</summary>
    HostSplit,

    /// <summary>Host bridge: a completion answers a request of the host.</summary>
    HostUnexpected,

    /// <summary>Host bridge: a function tells errors in its own name only.</summary>
    HostMessage,

    /// <summary>Host bridge: a TLP with a bad digest ends here.</summary>
    HostEcrc,
}
