using ExpEther.Bridge.Io.Ownership;
using ExpEther.Core.Time;

namespace ExpEther.Simulation.Storage;

/// <summary>Where a box keeps ownership: durable a little after it was written; a crash in between keeps the old image or the new.</summary>
internal sealed class OwnershipFile(SeededRandom random) : IOwnershipStore
{
    private readonly Queue<(OwnershipImage Image, Instant At)> _writes = new();
    private OwnershipImage? _durable;

    public Instant Now { get; set; }

    public void Save(OwnershipImage image) => _writes.Enqueue((image, Now + TimeSpan.FromMicroseconds(50 + random.Next(20_000))));

    public bool IsDurable(long version)
    {
        while (_writes.TryPeek(out var write) && write.At <= Now)
        {
            _durable = _writes.Dequeue().Image;
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
            _durable = write.Image;
        }

        _writes.Clear();
        _durable = losesAll ? null : _durable;
    }
}
