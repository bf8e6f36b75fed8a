namespace ExpEther.Nvme.Driver;

/// <summary>A namespace as Identify describes it.</summary>
/// <param name="Id">NSID.</param>
/// <param name="BlockBytes">Logical block size.</param>
/// <param name="Blocks">Its size in blocks.</param>
/// <param name="IsReadOnly">Write protected.</param>
public sealed record NvmeNamespace(uint Id, int BlockBytes, ulong Blocks, bool IsReadOnly)
{
    public ulong Bytes => Blocks * (ulong)BlockBytes;
}
