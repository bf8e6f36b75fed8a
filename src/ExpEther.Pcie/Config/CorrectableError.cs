namespace ExpEther.Pcie.Config;

/// <summary>Bit positions in AER's correctable error registers (PCIe 5.0 §7.8.4.5).</summary>
public enum CorrectableError
{
    ReceiverError = 0,
    BadTlp = 6,
    BadDllp = 7,
    ReplayNumRollover = 8,
    ReplayTimerTimeout = 12,
    AdvisoryNonFatal = 13,
    CorrectedInternal = 14,
    HeaderLogOverflow = 15,
}
