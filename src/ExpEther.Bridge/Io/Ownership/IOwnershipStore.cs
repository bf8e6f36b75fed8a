namespace ExpEther.Bridge.Io.Ownership;

/// <summary>Keeps ownership over restarts. Nothing takes effect before it is durable.</summary>
public interface IOwnershipStore
{
    /// <summary>Starts to write an image; it replaces the one before, whole or not at all. Returns at once.</summary>
    void Save(OwnershipImage image);

    /// <summary>True once the image of this version, or a later one, would survive a power failure.</summary>
    bool IsDurable(long version);

    /// <summary>The last durable image; null when there is none or it cannot be read.</summary>
    OwnershipImage? Load();
}
