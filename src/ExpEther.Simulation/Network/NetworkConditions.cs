namespace ExpEther.Simulation.Network;

/// <summary>What the network does to frames now. Probabilities are 0 to 1, per frame.</summary>
internal sealed record NetworkConditions
{
    public static readonly NetworkConditions Good = new();

    public double Loss { get; init; }

    public double Duplication { get; init; }

    public double Corruption { get; init; }

    /// <summary>Frames held back, and so overtaken.</summary>
    public double Reordering { get; init; }

    /// <summary>Frames that come out in another VLAN.</summary>
    public double VlanFlip { get; init; }

    public TimeSpan Delay { get; init; } = TimeSpan.FromMicroseconds(20);

    public TimeSpan Jitter { get; init; }

    public TimeSpan HoldMax { get; init; } = TimeSpan.FromMilliseconds(5);
}
