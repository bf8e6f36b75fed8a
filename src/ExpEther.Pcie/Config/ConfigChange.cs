namespace ExpEther.Pcie.Config;

/// <summary>What one configuration write did to one register.</summary>
/// <param name="Register">Byte offset, DW aligned.</param>
/// <param name="Before">The register before the write.</param>
/// <param name="After">The register after it.</param>
/// <param name="Ones">The bits that the write held as 1 in enabled bytes, whether or not they can be stored: triggers such as Initiate FLR read as 0.</param>
public readonly record struct ConfigChange(int Register, uint Before, uint After, uint Ones)
{
    /// <summary>The bits that differ.</summary>
    public uint Changed => Before ^ After;

    /// <summary>True when the write was to the register that holds the byte at <paramref name="offset"/>.</summary>
    public bool IsAt(int offset) => Register == (offset & ~3);

    /// <summary>True when the write held <paramref name="mask"/>'s bits (of the 16-bit register at <paramref name="offset"/>) all as ones.</summary>
    public bool WroteOnes16(int offset, ushort mask) => IsAt(offset) && ((Ones >> ((offset & 2) * 8)) & mask) == mask;

    /// <summary>True when any of <paramref name="mask"/>'s bits, of the 16-bit register at <paramref name="offset"/>, changed.</summary>
    public bool Changed16(int offset, ushort mask) => IsAt(offset) && ((Changed >> ((offset & 2) * 8)) & mask) != 0;
}
