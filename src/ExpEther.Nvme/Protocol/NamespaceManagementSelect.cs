namespace ExpEther.Nvme.Protocol;

/// <summary>SEL of Namespace Management, DW10 3:0 (NVMe 1.4 §5.20).</summary>
public enum NamespaceManagementSelect : byte
{
    /// <summary>
    /// NSID is 0; the data are the host's fields of <see cref="IdentifyNamespace"/> (NSZE, NCAP, FLBAS, DPS, NMIC), 4096 bytes. DW0 of the
    /// completion is the new NSID. The namespace is attached to no controller.
    /// </summary>
    Create = 0,

    /// <summary>NSID names the namespace, FFFFFFFFh all of them. No data.</summary>
    Delete = 1,
}
