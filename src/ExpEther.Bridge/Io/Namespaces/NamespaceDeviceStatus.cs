namespace ExpEther.Bridge.Io.Namespaces;

/// <summary>The namespaces of one device as people ask for them.</summary>
/// <param name="Device">Its name.</param>
/// <param name="Failure">Why they cannot be told; empty on success.</param>
/// <param name="CanManage">Namespaces can be made and deleted.</param>
/// <param name="TotalBytes">Capacity for namespaces; 0 when the device does not tell.</param>
/// <param name="FreeBytes">What of it no namespace has.</param>
/// <param name="Namespaces">In order of their NSIDs.</param>
public sealed record NamespaceDeviceStatus(
    string Device, string Failure, bool CanManage, ulong TotalBytes, ulong FreeBytes, IReadOnlyList<NamespaceStatus> Namespaces);
