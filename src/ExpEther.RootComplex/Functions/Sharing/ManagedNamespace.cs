namespace ExpEther.RootComplex.Functions.Sharing;

/// <summary>A namespace as the physical function sees it.</summary>
/// <param name="Id">NSID: names it on this device while it exists, and may name another afterwards.</param>
/// <param name="Uuid">Names it for good; zero when the device gives it none.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="BlockBytes">Size of a logical block.</param>
/// <param name="IsShared">Several VFs may see it at once.</param>
/// <param name="IsReadOnly">Write protected.</param>
/// <param name="VisibleTo">Numbers of the VFs that see it, in order.</param>
public sealed record ManagedNamespace(
    uint Id, Guid Uuid, ulong Bytes, int BlockBytes, bool IsShared, bool IsReadOnly, IReadOnlyList<int> VisibleTo);
