namespace ExpEther.Core.Counters;

/// <summary>One thing that is counted, or a label of such things.</summary>
/// <param name="Path">Where it belongs: names joined by dots, elements of lists as <c>[0]</c>, as in <c>hosts[0].links[1].framesSent</c>.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Text">The label of <see cref="CounterKind.Text"/>; empty for all others.</param>
/// <param name="Read">Its value now, without allocating; null for <see cref="CounterKind.Text"/>.</param>
public sealed record CounterEntry(string Path, CounterKind Kind, string Text, Func<long>? Read);
