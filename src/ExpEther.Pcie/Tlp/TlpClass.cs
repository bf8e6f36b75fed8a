namespace ExpEther.Pcie.Tlp;

/// <summary>The three classes that flow control and ordering know (PCIe 5.0 §2.4.1, §2.6).</summary>
public enum TlpClass : byte
{
    Posted = 0,
    NonPosted = 1,
    Completion = 2,
}
