using ExpEther.Core.Time;

namespace ExpEther.Simulation;

/// <summary>What happens in a run, for people: events of the bridges, faults, commands, failed operations.</summary>
internal sealed class Trace(bool keepsAll) : IEventSink
{
    private readonly Queue<string> _lines = new();

    /// <summary>A bug that a bridge contained; null: none showed.</summary>
    public string? Defect { get; private set; }

    public Instant Now { get; set; }

    public IReadOnlyList<string> Lines => [.. _lines];

    public void Add(string line)
    {
        if (!keepsAll && _lines.Count == SimulationLimits.TraceLinesMax)
        {
            _lines.Dequeue();
        }

        _lines.Enqueue($"{Now.Nanoseconds / 1e9,11:F6} {line}");
    }

    public void Report(EventSeverity severity, string source, string text)
    {
        Add($"{source}: {text}");
        Defect ??= severity == EventSeverity.Defect ? $"{source}: {text}" : null;
    }
}
