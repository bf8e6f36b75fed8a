namespace ExpEther.Bridge.Hosts;

/// <summary>Where a slot is in its life; the slot registers show it to the host.</summary>
public enum SlotState
{
    /// <summary>Nothing is in it.</summary>
    Empty,

    /// <summary>A function is to come; the host is still letting go of what was there before.</summary>
    Waiting,

    /// <summary>Occupied, its power off: the host has not taken the function yet.</summary>
    Off,

    /// <summary>Occupied, powered, the function reachable.</summary>
    On,

    /// <summary>As <see cref="On"/>, and the box has asked the host to let go.</summary>
    Releasing,
}
