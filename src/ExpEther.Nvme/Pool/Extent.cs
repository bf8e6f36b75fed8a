namespace ExpEther.Nvme.Pool;

/// <summary>Consecutive chunks of a pool.</summary>
/// <param name="Start">The first chunk.</param>
/// <param name="Count">At least 1.</param>
internal readonly record struct Extent(uint Start, uint Count)
{
    public uint End => Start + Count;
}
