namespace ExpEther.Link.Tests.Network;

/// <summary>What a seeded network does to frames. Probabilities are 0 to 1, per frame.</summary>
public sealed record NetworkFaults
{
    public static readonly NetworkFaults None = new();

    public double Loss { get; init; }

    public double Duplication { get; init; }

    public double Corruption { get; init; }

    /// <summary>Frames held back by up to <see cref="HoldMax"/> more than the others, and so overtaken.</summary>
    public double Reordering { get; init; }

    /// <summary>The path's MTU to the responder and back: frames with more after the EtherType vanish.</summary>
    public int MtuForth { get; init; } = int.MaxValue;

    public int MtuBack { get; init; } = int.MaxValue;

    public TimeSpan Delay { get; init; } = TimeSpan.FromMicroseconds(20);

    public TimeSpan Jitter { get; init; }

    public TimeSpan HoldMax { get; init; } = TimeSpan.FromMilliseconds(3);
}
