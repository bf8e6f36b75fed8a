namespace ExpEther.Qemu;

/// <summary>How a guest stands to the function of a slot.</summary>
public enum QemuSlotState
{
    /// <summary>No function is in the slot, and nothing of one is left in QEMU.</summary>
    Empty,

    /// <summary>A function waits for QEMU to run.</summary>
    WaitingForQemu,

    /// <summary>QEMU was asked to add it.</summary>
    Adding,

    /// <summary>QEMU has it.</summary>
    Connected,

    /// <summary>The guest was asked to let it go.</summary>
    Removing,

    /// <summary>The guest did not let go: its device is dead but still in QEMU, and nothing is plugged here until it is gone.</summary>
    Quarantined,
}
