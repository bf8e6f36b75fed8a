namespace ExpEther.Core.Counters;

/// <summary>Something that counts.</summary>
public interface ICounterSource
{
    /// <summary>Names the things that <see cref="AddCounters"/> would make entries for now. Called at every publication: without allocating.</summary>
    void AddShape(CounterShape shape);

    /// <summary>Adds an entry for everything there is now.</summary>
    void AddCounters(CounterTree tree);
}
