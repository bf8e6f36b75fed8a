namespace ExpEther.Link.Tests.Network;

/// <summary>A seeded generator that keeps every 32 bytes it gave: the private scalars of ephemeral keys are among them.</summary>
public sealed class RecordingRandom(ulong seed, List<byte[]> scalars) : IRandomSource
{
    private readonly SeededRandom _random = new(seed);

    public void Fill(Span<byte> into)
    {
        _random.Fill(into);
        if (into.Length == 32)
        {
            scalars.Add(into.ToArray());
        }
    }
}
