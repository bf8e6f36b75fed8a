using System.Buffers.Binary;

namespace ExpEther.Bridge.Protocol;

/// <summary>
/// What goes with a presented function that its device can let go on in the slot where the host bridge holds it: which assignments it
/// continues, and what the host bridge must know to give back what the host had written. 27 bytes, little-endian.
/// </summary>
/// <param name="Since">The first generation since which the host has owned it without a break: one that is held from then on is continued.</param>
/// <param name="Identity">
/// A hash of its configuration space as after power-on and of what its device says of its contents: what differs here is another function.
/// </param>
/// <param name="MsixTable">Byte offset of its MSI-X table in <paramref name="MsixBar"/>.</param>
/// <param name="MsixVectors">0: no MSI-X; at most <see cref="VectorsMax"/>.</param>
/// <param name="MsixCapability">Offset of the MSI-X capability; 0: none.</param>
/// <param name="PcieCapability">Offset of the PCI Express capability; 0: none.</param>
/// <param name="PowerCapability">Offset of the Power Management capability; 0: none.</param>
/// <param name="MsixBar">0 to 5.</param>
/// <param name="IsMsixBar64">That BAR has 64 bits.</param>
public readonly record struct ResumeOffer(
    ulong Since, ulong Identity, uint MsixTable, ushort MsixVectors, byte MsixCapability, byte PcieCapability, byte PowerCapability, byte MsixBar,
    bool IsMsixBar64)
{
    public const int Bytes = 27;

    public const int VectorsMax = 2048;

    private const int BarsMax = 6;

    /// <summary>The other is of a function of the same form.</summary>
    public bool IsAlike(in ResumeOffer other) => this with { Since = other.Since } == other;

    public void Write(Span<byte> into)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(into, Since);
        BinaryPrimitives.WriteUInt64LittleEndian(into[8..], Identity);
        BinaryPrimitives.WriteUInt32LittleEndian(into[16..], MsixTable);
        BinaryPrimitives.WriteUInt16LittleEndian(into[20..], MsixVectors);
        into[22] = MsixCapability;
        into[23] = PcieCapability;
        into[24] = PowerCapability;
        into[25] = MsixBar;
        into[26] = (byte)(IsMsixBar64 ? 1 : 0);
    }

    /// <returns>Null: it is not there, or names what no configuration space has; such a function cannot be continued.</returns>
    public static ResumeOffer? Read(ReadOnlySpan<byte> from)
    {
        if (from.Length < Bytes)
        {
            return null;
        }

        var offer = new ResumeOffer(
            BinaryPrimitives.ReadUInt64LittleEndian(from), BinaryPrimitives.ReadUInt64LittleEndian(from[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(from[16..]), BinaryPrimitives.ReadUInt16LittleEndian(from[20..]),
            from[22], from[23], from[24], from[25], from[26] == 1);
        var isMsixPossible = offer.MsixVectors <= VectorsMax && offer.MsixBar < BarsMax && !(offer.IsMsixBar64 && offer.MsixBar == BarsMax - 1)
            && offer.MsixTable % 8 == 0 && offer.MsixCapability % 4 == 0;
        return offer.Since != 0 && offer.PcieCapability % 4 == 0 && offer.PowerCapability % 4 == 0 && isMsixPossible ? offer : null;
    }
}
