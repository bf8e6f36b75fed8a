namespace ExpEther.Qemu;

/// <summary>How MSI-X interrupts reach the guest.</summary>
public enum QemuInterruptMode
{
    /// <summary>As is best for the QEMU that is found.</summary>
    Auto,

    /// <summary>As the memory writes that they are: the function's own MSI-X table holds the guest's addresses.</summary>
    Message,

    /// <summary>QEMU keeps the guest's table and listens to one event for each vector.</summary>
    EventFd,
}
