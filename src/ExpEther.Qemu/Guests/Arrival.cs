namespace ExpEther.Qemu.Guests;

/// <summary>
/// A guest whose state is still coming in, by migration or from a file (QEMU's <c>-incoming</c>). QEMU takes a device_add then, but what it has told the guest
/// of it is overwritten by the state that comes: the guest does not see the device. So functions wait until the guest runs. One that QEMU's command line has
/// brought is left alone: the state may count on it.
/// </summary>
internal sealed class Arrival(IReadOnlyList<SlotPlug> plugs)
{
    public const string Words = "the guest's state is still coming in; the function is plugged when the guest runs";

    /// <summary>No function is shown to the guest yet.</summary>
    public bool IsHolding { get; private set; }

    public void OnConnected(bool isIncoming)
    {
        IsHolding = isIncoming;
        foreach (var plug in isIncoming ? plugs : [])
        {
            if (!plug.IsTaken)
            {
                plug.HoldBack(QemuSlotState.WaitingForQemu);
            }
        }
    }

    /// <summary>The guest runs, or its QEMU is gone.</summary>
    public void End()
    {
        if (IsHolding)
        {
            IsHolding = false;
            foreach (var plug in plugs)
            {
                plug.GoOn();
            }
        }
    }
}
