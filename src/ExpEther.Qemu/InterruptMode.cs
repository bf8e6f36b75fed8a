namespace ExpEther.Qemu;

/// <summary>How the interrupts of a guest's functions reach it.</summary>
public enum InterruptMode
{
    /// <summary>As suits the QEMU that is there (<see cref="InterruptModeChoice"/>).</summary>
    Auto,

    /// <summary>
    /// As the memory writes that they are: the MSI-X table is the function's own and holds what the guest wrote, QEMU knows nothing of it,
    /// and a message is written to the guest's interrupt controller by DMA_WRITE.
    /// </summary>
    Message,

    /// <summary>
    /// QEMU manages MSI-X: it keeps the table that the guest sees, and an interrupt is an eventfd that KVM can wait for without QEMU.
    /// </summary>
    EventFd,
}
