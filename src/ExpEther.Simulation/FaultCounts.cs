namespace ExpEther.Simulation;

/// <summary>How often each kind of fault was injected, by name.</summary>
public sealed class FaultCounts
{
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, long> ByName => _counts;

    public void Add(string name, long count = 1) => _counts[name] = _counts.GetValueOrDefault(name) + count;

    public void Add(FaultCounts other)
    {
        foreach (var (name, count) in other._counts)
        {
            Add(name, count);
        }
    }
}
