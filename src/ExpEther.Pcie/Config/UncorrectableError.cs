namespace ExpEther.Pcie.Config;

/// <summary>Bit positions in AER's uncorrectable error registers (PCIe 5.0 §7.8.4.2).</summary>
public enum UncorrectableError
{
    DataLinkProtocol = 4,
    SurpriseDown = 5,
    PoisonedTlpReceived = 12,
    FlowControlProtocol = 13,
    CompletionTimeout = 14,
    CompleterAbort = 15,
    UnexpectedCompletion = 16,
    ReceiverOverflow = 17,
    MalformedTlp = 18,
    Ecrc = 19,
    UnsupportedRequest = 20,
    AcsViolation = 21,
    UncorrectableInternal = 22,
}
