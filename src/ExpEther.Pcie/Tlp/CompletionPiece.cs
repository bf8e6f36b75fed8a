namespace ExpEther.Pcie.Tlp;

/// <summary>One completion of a split read: its first byte's address, its bytes (0 for the flush), and the Byte Count field.</summary>
public readonly record struct CompletionPiece(ulong Address, int Bytes, int ByteCount)
{
    /// <summary>Address of the DW that the payload starts with.</summary>
    public ulong PayloadAddress => Address & ~3UL;

    /// <summary>Payload in bytes, whole DWs, at least one.</summary>
    public int PayloadBytes => Bytes == 0 ? 4 : ((int)(Address & 3) + Bytes + 3) & ~3;

    public int LowerAddress => (int)(Address & 0x7F);
}
