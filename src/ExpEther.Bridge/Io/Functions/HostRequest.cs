using ExpEther.Pcie;

namespace ExpEther.Bridge.Io.Functions;

/// <summary>A host's non-posted request that a device has not answered fully.</summary>
/// <param name="HostH">The requester ID to answer to.</param>
/// <param name="BytesLeft">Bytes still to come.</param>
internal readonly record struct HostRequest(Rid HostH, int BytesLeft);
