namespace ExpEther.Pcie.Tlp;

/// <summary>The r[2:0] field of a message's Type (PCIe 5.0 table 2-17).</summary>
public enum MessageRouting : byte
{
    ToRootComplex = 0,
    ByAddress = 1,
    ById = 2,
    BroadcastFromRootComplex = 3,
    Local = 4,
    GatheredToRootComplex = 5,
}
