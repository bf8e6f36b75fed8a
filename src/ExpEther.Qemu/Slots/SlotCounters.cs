namespace ExpEther.Qemu.Slots;

/// <summary>What a slot counts beside its server.</summary>
public sealed class SlotCounters
{
    /// <summary>Interrupts given to the client.</summary>
    public long Interrupts { get; internal set; }

    /// <summary>Interrupts that nobody was there for, or whose vector nobody listens to.</summary>
    public long InterruptsLost { get; internal set; }

    /// <summary>Resets asked for by the client.</summary>
    public long ClientResets { get; internal set; }

    /// <summary>Resets of our own, between two clients.</summary>
    public long ResetsBetweenClients { get; internal set; }
}
