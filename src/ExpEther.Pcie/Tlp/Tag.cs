namespace ExpEther.Pcie.Tlp;

/// <summary>A transaction tag: 8 bits, or 10 with T9:T8 (PCIe 5.0 §2.2.6.2). With the requester ID it names a transaction.</summary>
public readonly record struct Tag(ushort Value)
{
    public const int CountOf8Bit = 256;
    public const int CountOf10Bit = 1024;

    public bool Needs10Bit => Value >= CountOf8Bit;

    public override string ToString() => $"{Value:x}";
}
