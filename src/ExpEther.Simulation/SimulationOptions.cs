using ExpEther.Simulation.Faults;

namespace ExpEther.Simulation;

/// <summary>What a run is made of beside its seed.</summary>
public sealed record SimulationOptions
{
    /// <summary>Hosts, 1 to <see cref="SimulationLimits.HostsMax"/>; 0: the seed chooses.</summary>
    public int Hosts { get; init; }

    /// <summary>I/O boxes, 1 to <see cref="SimulationLimits.BoxesMax"/>; 0: the seed chooses.</summary>
    public int Boxes { get; init; }

    /// <summary>Which boxes have devices that hosts share.</summary>
    public SharingChoice Sharing { get; init; }

    /// <summary>Keep the events of the whole run, not only the last of them.</summary>
    public bool KeepsWholeTrace { get; init; }

    /// <summary>Someone who owns the wire attacks it while there is trouble; null: the seed chooses.</summary>
    public bool? IsAttacked { get; init; }

    /// <summary>A bug to be found; set by the simulator's own tests.</summary>
    internal IPlantedBug? Plant { get; init; }
}
