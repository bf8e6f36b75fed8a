namespace ExpEther.Pcie.Tlp;

/// <summary>What a TLP is, from its Fmt and Type fields (PCIe 5.0 table 2-3).</summary>
public enum TlpKind : byte
{
    MemoryRead,
    MemoryWrite,
    ConfigRead0,
    ConfigWrite0,
    ConfigRead1,
    ConfigWrite1,
    Message,
    MessageWithData,
    Completion,
    CompletionWithData,
    FetchAdd,
    Swap,
    CompareAndSwap,
}
