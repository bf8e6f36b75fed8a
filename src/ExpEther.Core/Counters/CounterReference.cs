namespace ExpEther.Core.Counters;

/// <summary>Where a structure of counters is, so that reading one of them copies no other.</summary>
public delegate ref T CounterReference<T>()
    where T : struct;
