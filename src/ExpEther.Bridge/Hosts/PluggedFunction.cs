using ExpEther.Link.Ethernet;
using ExpEther.Pcie;

namespace ExpEther.Bridge.Hosts;

/// <summary>A function in a slot.</summary>
/// <param name="Box">The I/O box it is in.</param>
/// <param name="BoxName">As the box calls itself.</param>
/// <param name="Function">The box's number for it, as link records carry it.</param>
/// <param name="Name">The box's name for it.</param>
/// <param name="Generation">Of this assignment; nothing of another generation is obeyed.</param>
/// <param name="VendorId">As its configuration space shows it.</param>
/// <param name="DeviceId">As its configuration space shows it.</param>
/// <param name="ClassCode">24 bits.</param>
/// <param name="VfH">Its ID on the host's side, captured from configuration writes; 00:00.0 before the first.</param>
/// <param name="HostH">The requester ID that the host uses; 00:00.0 before its first request.</param>
/// <param name="BusMasterEnable">Whether the host lets it reach memory.</param>
public sealed record PluggedFunction(
    MacAddress Box, string BoxName, ushort Function, string Name, ulong Generation, ushort VendorId, ushort DeviceId, int ClassCode,
    Rid VfH, Rid HostH, bool BusMasterEnable);
