namespace ExpEther.Pcie.Config;

/// <summary>Where the MSI-X table or pending bit array lies (PCIe 5.0 §7.7.2.3).</summary>
/// <param name="Bar">BAR index, 0 to 5.</param>
/// <param name="Offset">Byte offset in the BAR, 8-byte aligned.</param>
public readonly record struct MsixLocation(int Bar, uint Offset);
