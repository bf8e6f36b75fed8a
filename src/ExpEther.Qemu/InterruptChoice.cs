namespace ExpEther.Qemu;

/// <summary>How interrupts reach a client, and why so.</summary>
/// <param name="Mode">Not <see cref="InterruptMode.Auto"/>.</param>
/// <param name="Reason">In few words, for people.</param>
public readonly record struct InterruptChoice(InterruptMode Mode, string Reason)
{
    /// <summary>As the configuration spells it.</summary>
    public string Name => Mode == InterruptMode.EventFd ? "eventfd" : "message";
}
