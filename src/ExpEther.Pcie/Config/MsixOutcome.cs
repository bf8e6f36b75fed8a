namespace ExpEther.Pcie.Config;

/// <summary>What becomes of an MSI-X interrupt (PCIe 5.0 §6.1.4.5).</summary>
public enum MsixOutcome
{
    /// <summary>Send the message now.</summary>
    Deliver,

    /// <summary>Masked: its pending bit is set, and it is delivered after the unmask.</summary>
    Pending,

    /// <summary>MSI-X is not enabled: the interrupt is lost.</summary>
    Disabled,
}
