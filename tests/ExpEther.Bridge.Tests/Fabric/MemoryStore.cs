using ExpEther.Bridge.Io.Ownership;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>Ownership that is durable at once, and outlives the bridge that wrote it.</summary>
internal sealed class MemoryStore : IOwnershipStore
{
    private OwnershipImage? _image;

    public void Save(OwnershipImage image) => _image = image;

    public bool IsDurable(long version) => _image is { } image && image.Version >= version;

    public OwnershipImage? Load() => _image;
}
