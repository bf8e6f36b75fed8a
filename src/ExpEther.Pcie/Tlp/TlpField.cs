namespace ExpEther.Pcie.Tlp;

/// <summary>One field of a TLP's header as the specification draws it.</summary>
/// <param name="Dw">Which DW of the TLP, from 0; bit 31 of a DW is bit 7 of its first byte.</param>
/// <param name="HighBit">First bit.</param>
/// <param name="LowBit">Last bit.</param>
/// <param name="Name">The specification's name.</param>
/// <param name="Value">The bits as they are.</param>
/// <param name="Meaning">What the value says; empty where it speaks for itself.</param>
public readonly record struct TlpField(int Dw, int HighBit, int LowBit, string Name, uint Value, string Meaning)
{
    public string Bits => HighBit == LowBit ? $"{HighBit}" : $"{HighBit}:{LowBit}";
}
