namespace ExpEther.RootComplex.Functions.Sharing;

/// <summary>The namespaces of a device at one time.</summary>
/// <param name="Failure">Why they cannot be told; empty on success.</param>
/// <param name="Namespaces">In order of their identifiers.</param>
/// <param name="TotalBytes">Capacity for namespaces; 0 when the device does not tell.</param>
/// <param name="FreeBytes">What of it no namespace has.</param>
/// <param name="CanManage">Namespaces can be made and deleted.</param>
public sealed record NamespaceInventory(
    string Failure, IReadOnlyList<ManagedNamespace> Namespaces, ulong TotalBytes, ulong FreeBytes, bool CanManage)
{
    public static NamespaceInventory Failed(string why) => new(why, [], 0, 0, false);
}
