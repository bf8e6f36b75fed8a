namespace ExpEther.Nvme.Backends;

public enum BlockOperation : byte
{
    Read,
    Write,

    /// <summary>Completes when everything written before it was submitted is durable.</summary>
    Flush,
    WriteZeroes,
}
