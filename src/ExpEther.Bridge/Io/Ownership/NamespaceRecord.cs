namespace ExpEther.Bridge.Io.Ownership;

/// <summary>Who owns a private namespace: kept over restarts.</summary>
/// <param name="Device">The device's name.</param>
/// <param name="Id">NSID. The device may give it to another namespace once this one is deleted.</param>
/// <param name="Uuid">What tells the one from the other; zero when the device gives none.</param>
/// <param name="Owner">The host.</param>
public sealed record NamespaceRecord(string Device, uint Id, Guid Uuid, HostIdentity Owner)
{
    /// <summary>The VF by which its owner has seen it, so that a disk in use is where it was after a restart of the box; 0: by none yet.</summary>
    public int SeenBy { get; init; }

    /// <summary>The VF that it was given to by name: its owner sees it by that one or not at all. 0: by whichever.</summary>
    public int GivenTo { get; init; }
}
