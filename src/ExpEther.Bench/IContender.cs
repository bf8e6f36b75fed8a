using ExpEther.Bench.Measuring;

namespace ExpEther.Bench;

/// <summary>One of those that are compared: started once, then run again and again in turn with the others; it costs nothing between runs.</summary>
internal interface IContender : IDisposable
{
    /// <summary>What it is and how it is set, for the report.</summary>
    string Name { get; }

    /// <summary>Starts it, warms it up, finds its best setting.</summary>
    /// <param name="milliseconds">Length of the runs to come.</param>
    /// <param name="cancel">Ends it.</param>
    Task PrepareAsync(int milliseconds, CancellationToken cancel);

    /// <summary>One run of about this length.</summary>
    Task<Sample> RunAsync(int milliseconds, CancellationToken cancel);
}
