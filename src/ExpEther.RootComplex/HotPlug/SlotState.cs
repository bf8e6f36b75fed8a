namespace ExpEther.RootComplex.HotPlug;

/// <summary>Where a hot-plug slot is; see <see cref="SlotController"/>.</summary>
public enum SlotState
{
    Off,
    BlinkingOn,
    PoweringOn,
    On,
    BlinkingOff,
    PoweringOff,
}
