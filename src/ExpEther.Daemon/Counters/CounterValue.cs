using ExpEther.Core.Counters;

namespace ExpEther.Daemon.Counters;

/// <summary>An entry of a page with its value at one moment.</summary>
public readonly record struct CounterValue(string Path, CounterKind Kind, string Text, long Value);
