using ExpEther.Core.Time;

namespace ExpEther.Simulation.Oracle;

/// <summary>A host's time as the owner of a namespace.</summary>
internal sealed class Tenure(string host)
{
    public string Host => host;

    /// <summary>The box's record says that it is over.</summary>
    public bool IsOver { get; set; }

    /// <summary>After this the host must not reach the namespace any more: the record changed, and who changed it was done.</summary>
    public Instant End { get; set; } = Instant.Never;
}
