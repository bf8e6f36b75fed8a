namespace ExpEther.Nvme.Protocol;

/// <summary>Sizes that NVMe 1.4 fixes, in bytes.</summary>
public static class NvmeSizes
{
    public const int SubmissionEntryBytes = 64;
    public const int CompletionEntryBytes = 16;
    public const int IdentifyBytes = 4096;
    public const int PrpEntryBytes = 8;

    /// <summary>The smallest memory page (CC.MPS = 0).</summary>
    public const int PageBytesMin = 4096;

    /// <summary>An NSID that stands for all namespaces.</summary>
    public const uint BroadcastNamespace = 0xFFFF_FFFF;
}
