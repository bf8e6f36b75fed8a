using ExpEther.Link.Ethernet;

namespace ExpEther.Link.Taps;

/// <summary>What an <see cref="ITlpTap"/> is told beside a TLP's bytes.</summary>
/// <param name="Point">Which side of the swap.</param>
/// <param name="Direction">To the device or to the host.</param>
/// <param name="Function">The function as its I/O bridge numbers it.</param>
/// <param name="Generation">Of its assignment; 0 where the TLP belongs to none.</param>
/// <param name="Vlan">The logical switch; <see cref="VlanId.None"/> where there is none.</param>
/// <param name="Host">The host bridge; zero where the function has no owner.</param>
/// <param name="Box">The I/O bridge.</param>
public readonly record struct TlpPassage(
    TlpTapPoint Point, TlpDirection Direction, ushort Function, ulong Generation, VlanId Vlan, MacAddress Host, MacAddress Box);
