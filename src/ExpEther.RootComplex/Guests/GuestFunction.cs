using ExpEther.Pcie;
using ExpEther.RootComplex.Functions;

namespace ExpEther.RootComplex.Guests;

/// <summary>A function in a guest's slot, as its configuration space described itself when the slot was powered on.</summary>
/// <param name="VfH">Its ID between the bridges; the guest's own bus number is the monitor's to know.</param>
/// <param name="VendorId">As read.</param>
/// <param name="DeviceId">As read.</param>
/// <param name="ClassCode">24 bits.</param>
/// <param name="Bars">Those it has, with their sizes.</param>
/// <param name="MsixOffset">Of the MSI-X capability; 0: none.</param>
/// <param name="MsixVectors">Entries of its MSI-X table; 0: none.</param>
/// <param name="MsixTableBar">Which BAR holds the table.</param>
/// <param name="MsixTableOffset">Where in that BAR.</param>
public sealed record GuestFunction(
    Rid VfH, ushort VendorId, ushort DeviceId, uint ClassCode, IReadOnlyList<PciBar> Bars, int MsixOffset, int MsixVectors, int MsixTableBar,
    int MsixTableOffset);
