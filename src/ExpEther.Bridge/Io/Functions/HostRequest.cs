using ExpEther.Pcie;

namespace ExpEther.Bridge.Io.Functions;

/// <summary>A host's non-posted request that a device has not answered fully.</summary>
/// <param name="HostH">The requester ID to answer to.</param>
/// <param name="Era">The function's era at that time: answers of an earlier one are swallowed.</param>
/// <param name="BytesLeft">Bytes still to come.</param>
internal readonly record struct HostRequest(Rid HostH, uint Era, int BytesLeft);
