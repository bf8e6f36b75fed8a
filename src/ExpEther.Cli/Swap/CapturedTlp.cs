using ExpEther.Link.Ethernet;
using ExpEther.Link.Taps;

namespace ExpEther.Cli.Swap;

/// <summary>A TLP from a capture file, and where it was seen.</summary>
/// <param name="Point">On which side of the swap.</param>
/// <param name="Direction">Where it was going.</param>
/// <param name="Function">The function's number on the link.</param>
/// <param name="Vlan">Of the owner's link.</param>
/// <param name="Generation">Of the assignment.</param>
/// <param name="Bytes">Header, payload, digest.</param>
internal sealed record CapturedTlp(TlpTapPoint Point, TlpDirection Direction, ushort Function, VlanId Vlan, ulong Generation, byte[] Bytes);
