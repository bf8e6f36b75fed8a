namespace ExpEther.Bridge.Protocol;

/// <summary>The first byte of a control message. Below 16: I/O bridge to host bridge; from 16: host bridge to I/O bridge.</summary>
public enum ControlKind : byte
{
    /// <summary>A function is there for this host: put it into a slot.</summary>
    Present = 1,

    /// <summary>Ask the host to let the function go: press its slot's attention button.</summary>
    PressAttention = 2,

    /// <summary>The function is fenced: surprise removal.</summary>
    Withdraw = 3,

    /// <summary>The function that is named is this host's no more: its slot need not be kept for it.</summary>
    Forget = 4,

    /// <summary>What the function noted for its next life: keep it with the slot.</summary>
    ResumeNote = 5,

    /// <summary>The function is in a slot; sent again when the host gives it another bus number.</summary>
    Plugged = 16,

    /// <summary>The host has let the function go and powered its slot off.</summary>
    PoweredOff = 17,

    /// <summary>The host bridge could not take a presented function.</summary>
    Refused = 18,

    /// <summary>A slot is kept for a function that is not there; the box answers <see cref="Forget"/> if it is not this host's.</summary>
    Keeps = 19,

    /// <summary>How it goes with showing a function to a virtual machine, in words.</summary>
    Note = 20,

    /// <summary>The presented function continues what is in a slot.</summary>
    Resumed = 21,

    /// <summary>The function follows its guest, which migrates to another host; or does so no more.</summary>
    Follows = 22,

    /// <summary>A guest runs at this host.</summary>
    GuestHere = 23,
}
