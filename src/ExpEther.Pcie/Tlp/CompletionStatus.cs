namespace ExpEther.Pcie.Tlp;

/// <summary>Completion Status field (PCIe 5.0 §2.2.9).</summary>
public enum CompletionStatus : byte
{
    SuccessfulCompletion = 0,
    UnsupportedRequest = 1,
    ConfigurationRequestRetry = 2,
    CompleterAbort = 4,
}
