using ExpEther.Bridge.Io.Ownership;
using ExpEther.Core.Time;

namespace ExpEther.Simulation.Storage;

/// <summary>Where a box keeps ownership: durable a little after it was written; a crash in between keeps the old image or the new.</summary>
/// <param name="random">How long it takes, and what a crash keeps.</param>
/// <param name="onDurable">Told of each image that became the durable one; null: none is left.</param>
internal sealed class OwnershipFile(SeededRandom random, Action<OwnershipImage?> onDurable) : IOwnershipStore
{
    private readonly Queue<(OwnershipImage Image, Instant At)> _writes = new();
    private OwnershipImage? _durable;

    public Instant Now { get; set; }

    public void Save(OwnershipImage image) => _writes.Enqueue((image, Now + TimeSpan.FromMicroseconds(50 + random.Next(20_000))));

    public bool IsDurable(long version)
    {
        while (_writes.TryPeek(out var write) && write.At <= Now)
        {
            Keep(_writes.Dequeue().Image);
        }

        return _durable is { } image && image.Version >= version;
    }

    public OwnershipImage? Load() => _durable;

    /// <param name="losesAll">The disk is gone with all that was on it.</param>
    public void Crash(bool losesAll)
    {
        IsDurable(0);
        while (_writes.TryDequeue(out var write) && random.Chance(0.5))
        {
            Keep(write.Image);
        }

        _writes.Clear();
        if (losesAll)
        {
            Keep(null);
        }
    }

    private void Keep(OwnershipImage? image)
    {
        _durable = image;
        onDurable(image);
    }
}
