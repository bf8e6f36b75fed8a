namespace ExpEther.Qemu;

/// <summary>How a slot stands with QEMU.</summary>
public enum QemuSlotState
{
    /// <summary>No function, and no device in QEMU.</summary>
    Absent,

    /// <summary>A function, but QEMU is not there, or its guest's state is still coming in: it is shown to the guest once it is there.</summary>
    WaitingForQemu,

    /// <summary>A function, and QEMU is about to have it, or refused it and is asked again now and then.</summary>
    Adding,

    /// <summary>QEMU has the function.</summary>
    Connected,

    /// <summary>A function, of which the guest has let go to migrate: it follows the guest, or is plugged again.</summary>
    LetGo,

    /// <summary>The guest has been asked to let go.</summary>
    Removing,

    /// <summary>
    /// The guest did not let go in time: the function was taken from it, and QEMU still has a device of which nothing can be had but all-ones.
    /// No function comes into the slot until QEMU has deleted it, or has ended.
    /// </summary>
    Quarantined,
}
