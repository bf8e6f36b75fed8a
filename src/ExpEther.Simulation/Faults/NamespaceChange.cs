using ExpEther.Core.Time;
using ExpEther.Simulation.Oracle;
using ExpEther.Simulation.Stations;

namespace ExpEther.Simulation.Faults;

/// <summary>A command about a namespace that is under way.</summary>
internal sealed class NamespaceChange(BoxStation box, Instant since)
{
    public BoxStation Box => box;

    public Instant Since => since;

    public string What { get; set; } = "looks for a namespace";

    /// <summary>The namespace that is to change; null: none, yet.</summary>
    public NamespaceModel? Target { get; set; }

    /// <summary>Blocks that it is cut to; null: it is not.</summary>
    public int? CutTo { get; set; }
}
