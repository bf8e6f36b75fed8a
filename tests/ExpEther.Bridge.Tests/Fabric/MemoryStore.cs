using ExpEther.Bridge.Io.Ownership;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>Ownership that is durable at once, unless a test holds it back, and outlives the bridge that wrote it.</summary>
internal sealed class MemoryStore : IOwnershipStore
{
    private OwnershipImage? _image;
    private OwnershipImage? _waiting;

    /// <summary>What is saved waits for <see cref="LetGo"/>.</summary>
    public bool HoldsBack { get; set; }

    /// <summary>After so many images it holds back.</summary>
    public int HoldsBackAfter { get; set; } = int.MaxValue;

    /// <summary>The power goes: what was held back is gone.</summary>
    public void LosePower() => (HoldsBack, HoldsBackAfter) = (false, int.MaxValue);

    public void Save(OwnershipImage image)
    {
        HoldsBack |= HoldsBackAfter-- <= 0;
        _waiting = image;
        _image = HoldsBack ? _image : image;
    }

    /// <summary>As a new disk.</summary>
    public void Lose() => _image = _waiting = null;

    public void LetGo()
    {
        LosePower();
        _image = _waiting;
    }

    public bool IsDurable(long version) => _image is { } image && image.Version >= version;

    public OwnershipImage? Load() => _image;
}
