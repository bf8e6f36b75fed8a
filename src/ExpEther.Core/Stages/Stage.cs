namespace ExpEther.Core.Stages;

/// <summary>What an owner loop can be busy with, from the cable inwards.</summary>
public enum Stage : byte
{
    /// <summary>The port: its ring, its system calls.</summary>
    Wire,

    /// <summary>Frames and the reliable link: parsing, sealing, windows, acknowledgements.</summary>
    Link,

    /// <summary>Host bridge or I/O bridge: routing, address and ID swap, checks of DMA, pieces. At a switch: its forwarding.</summary>
    Bridge,

    /// <summary>The host above a host bridge: its root complex, its memory, its interrupts.</summary>
    Attachment,

    /// <summary>The devices behind an I/O bridge, with their backends.</summary>
    Device,

    /// <summary>The loop itself, slow sequences and drivers on its scheduler, the control socket, the counters.</summary>
    Control,
}
