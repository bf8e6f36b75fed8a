using ExpEther.Core.Time;

namespace ExpEther.Core.Counters;

/// <summary>Where counters are put for others to read.</summary>
public interface ICounterPage
{
    /// <summary>From now on, these are published; they are at once.</summary>
    void Lay(IReadOnlyList<CounterEntry> entries, Instant now);

    /// <summary>Reads every entry and shows the values as one snapshot.</summary>
    void Publish(Instant now);
}
