namespace ExpEther.Tests.Shared;

/// <summary>What work allocates once it runs steadily.</summary>
internal static class Allocations
{
    private const int Runs = 5;

    /// <summary>
    /// The fewest bytes that one of several runs allocated on this thread. What the work itself allocates, it allocates in every run; a collection at the
    /// wrong moment adds the rest of the thread's allocation context to one of them (8 KiB), as does code that is compiled again.
    /// </summary>
    public static long FewestOf(Action work)
    {
        var fewest = long.MaxValue;
        for (var run = 0; run < Runs; run++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            work();
            fewest = Math.Min(fewest, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return fewest;
    }
}
