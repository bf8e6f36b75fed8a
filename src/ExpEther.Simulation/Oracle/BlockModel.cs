namespace ExpEther.Simulation.Oracle;

/// <summary>
/// What one block may hold. <see cref="Readable"/>: what a read by the present owner may give. <see cref="Durable"/>: what may be left of it
/// after a crash of the box. A write that has not been acknowledged is in both beside what was there before; an acknowledged one is all that
/// is readable; a flush narrows what is durable to what was readable when it was sent; a read that found one version settles which.
/// </summary>
internal sealed class BlockModel
{
    public List<ulong> Readable { get; } = [0];

    public List<ulong> Durable { get; } = [0];

    public void OnIssued(ulong version)
    {
        Readable.Add(version);
        Durable.Add(version);
    }

    public void OnAcknowledged(ulong version) => Settle(version);

    public void Settle(ulong version)
    {
        Readable.Clear();
        Readable.Add(version);
    }

    public void OnFlushed(ReadOnlySpan<ulong> readableThen, ulong lastVersionThen)
    {
        for (var i = Durable.Count - 1; i >= 0; i--)
        {
            if (Durable[i] <= lastVersionThen && !readableThen.Contains(Durable[i]))
            {
                Durable.RemoveAt(i);
            }
        }
    }

    public void OnCrash()
    {
        Readable.Clear();
        Readable.AddRange(Durable);
    }
}
