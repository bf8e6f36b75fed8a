namespace ExpEther.Bridge.Io.Namespaces;

/// <summary>A namespace as people ask for it.</summary>
/// <param name="Device">The device's name.</param>
/// <param name="Id">NSID.</param>
/// <param name="Uuid">Zero when the device gives none.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="BlockBytes">Size of a logical block.</param>
/// <param name="IsShared">All hosts with a function of the device see it; it has no owner.</param>
/// <param name="IsReadOnly">Write protected.</param>
/// <param name="Owner">The owner's name, or its identity when it is no longer configured; null: none.</param>
/// <param name="Functions">Names of the functions that see it.</param>
/// <param name="GivenTo">Name of the only function by which the owner sees the namespace. Null: the first function that the owner has.</param>
public sealed record NamespaceStatus(
    string Device, uint Id, Guid Uuid, ulong Bytes, int BlockBytes, bool IsShared, bool IsReadOnly, string? Owner, IReadOnlyList<string> Functions,
    string? GivenTo);
