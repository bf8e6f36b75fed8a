namespace ExpEther.Nvme.Protocol;

/// <summary>SCT (NVMe 1.4 figure 126).</summary>
public enum StatusCodeType : byte
{
    Generic = 0,
    CommandSpecific = 1,
    MediaAndDataIntegrity = 2,
    PathRelated = 3,
    VendorSpecific = 7,
}
