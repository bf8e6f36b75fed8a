using ExpEther.Bridge.Io.Ownership;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>Ownership that is durable at once, unless a test holds it back, and outlives the bridge that wrote it.</summary>
internal sealed class MemoryStore : IOwnershipStore
{
    private OwnershipImage? _image;
    private OwnershipImage? _waiting;

    /// <summary>What is saved waits for <see cref="LetGo"/>.</summary>
    public bool HoldsBack { get; set; }

    public void Save(OwnershipImage image)
    {
        _waiting = image;
        _image = HoldsBack ? _image : image;
    }

    public void LetGo()
    {
        HoldsBack = false;
        _image = _waiting;
    }

    public bool IsDurable(long version) => _image is { } image && image.Version >= version;

    public OwnershipImage? Load() => _image;
}
