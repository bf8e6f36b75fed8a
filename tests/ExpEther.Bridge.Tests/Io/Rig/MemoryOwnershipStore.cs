using ExpEther.Bridge.Io.Ownership;

namespace ExpEther.Bridge.Tests.Io.Rig;

/// <summary>A store that forgets nothing at once; a test may hold durability back.</summary>
internal sealed class MemoryOwnershipStore : IOwnershipStore
{
    private readonly List<OwnershipImage> _saved = [];

    public bool HoldsBack { get; set; }

    public OwnershipImage? Durable { get; private set; }

    public IReadOnlyList<OwnershipImage> Saved => _saved;

    public void Save(OwnershipImage image)
    {
        _saved.Add(image);
        if (!HoldsBack)
        {
            Durable = image;
        }
    }

    public bool IsDurable(long version)
    {
        if (!HoldsBack && _saved.Count > 0)
        {
            Durable = _saved[^1];
        }

        return Durable is { } durable && durable.Version >= version;
    }

    /// <summary>The machine loses power: what was not durable is gone.</summary>
    public void LosePower()
    {
        _saved.Clear();
        HoldsBack = false;
    }

    public OwnershipImage? Load() => Durable;
}
