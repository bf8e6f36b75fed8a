namespace ExpEther.Core.Counters;

/// <summary>What an entry of a counter page is (docs/counters.md); the numbers are the page's.</summary>
public enum CounterKind : byte
{
    /// <summary>A name or other label of its neighbours; constant while the layout is.</summary>
    Text = 0,

    /// <summary>0 or 1.</summary>
    Flag = 1,

    /// <summary>Only grows.</summary>
    Counter = 2,

    /// <summary>Grows and shrinks.</summary>
    Gauge = 3,

    /// <summary>A time: one that only grows unless its name says otherwise.</summary>
    Nanoseconds = 4,

    /// <summary>How many elements the list of this path has; constant while the layout is.</summary>
    List = 5,
}
