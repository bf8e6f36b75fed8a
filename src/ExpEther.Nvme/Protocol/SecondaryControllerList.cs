namespace ExpEther.Nvme.Protocol;

/// <summary>
/// The Secondary Controller List, 4096 bytes (NVMe 1.4 §5.15, CNS 15h), as a view: the secondary controllers of the primary controller that is
/// asked, lowest identifier first, from the one that CNTID of the command names (or the next above it).
/// </summary>
public readonly ref struct SecondaryControllerList
{
    public const int EntriesOffset = 32;
    public const int CountMax = 127;

    private readonly Span<byte> _bytes;

    /// <param name="bytes">At least 4096 bytes.</param>
    public SecondaryControllerList(Span<byte> bytes)
    {
        _bytes = bytes[..NvmeSizes.IdentifyBytes];
    }

    /// <summary>As the other side wrote it: up to 255, of which no more than <see cref="CountMax"/> can be there.</summary>
    public int Count => _bytes[0];

    /// <param name="index">Below <see cref="CountMax"/>.</param>
    public SecondaryControllerEntry this[int index] =>
        SecondaryControllerEntry.Read(_bytes[(EntriesOffset + (SecondaryControllerEntry.Bytes * index))..]);

    public void Add(in SecondaryControllerEntry entry)
    {
        Check.That(Count < CountMax);
        entry.Write(_bytes[(EntriesOffset + (SecondaryControllerEntry.Bytes * Count))..]);
        _bytes[0]++;
    }
}
