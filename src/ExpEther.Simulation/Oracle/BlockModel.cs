namespace ExpEther.Simulation.Oracle;

/// <summary>
/// What one block may hold. <see cref="Readable"/>: what a read by the present owner may give. <see cref="Durable"/>: what may be left of it
/// after a crash of the box. A write that has not been acknowledged is in both beside what was there before; an acknowledged one is all that
/// is readable; a flush narrows what is durable to what was readable when it was sent; a read that found one version settles which.
/// A deallocation is a write of zeroes where the disk promises those (DLFEAT); elsewhere the block may stay what it was, acknowledged or not,
/// until a read tells.
/// </summary>
/// <param name="initial">The version that it has at first, durably.</param>
internal sealed class BlockModel(ulong initial)
{
    public List<ulong> Readable { get; } = [initial];

    public List<ulong> Durable { get; } = [initial];

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

    /// <summary>Whether a read may find this version; if so that is settled.</summary>
    public bool TrySettle(ulong version)
    {
        // Zeroes do not tell which deallocation made them.
        Predicate<ulong> isIt = version == BlockPattern.Zeroes ? BlockPattern.IsZeroes : each => each == version;
        if (!Readable.Exists(isIt))
        {
            return false;
        }

        Readable.RemoveAll(each => !isIt(each));
        return true;
    }

    public void OnFlushed(ReadOnlySpan<ulong> readableThen, ulong lastVersionThen)
    {
        for (var i = Durable.Count - 1; i >= 0; i--)
        {
            if ((Durable[i] & ~BlockPattern.Zeroes) <= lastVersionThen && !readableThen.Contains(Durable[i]))
            {
                Durable.RemoveAt(i);
            }
        }
    }

    /// <summary>It may be what it was, durably or as it was seen, or zeroes: a cut has an unknown end.</summary>
    public void OnDoubtfulCut()
    {
        Readable.AddRange(Durable);
        Readable.Add(BlockPattern.Zeroes);
        Durable.Add(BlockPattern.Zeroes);
    }

    public void OnCrash()
    {
        Readable.Clear();
        Readable.AddRange(Durable);
    }
}
