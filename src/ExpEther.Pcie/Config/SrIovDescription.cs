namespace ExpEther.Pcie.Config;

/// <summary>What a PF's SR-IOV capability shows and can do; fixed for its life (PCIe 5.0 §9.3.3).</summary>
public sealed record SrIovDescription
{
    /// <summary>4 KB, 8 KB, 64 KB, 256 KB, 1 MB and 4 MB: those that every PF has to support (§9.3.3.12).</summary>
    public const uint RequiredPageSizes = 0x553;

    /// <summary>1 to <see cref="ConfigLimits.VirtualFunctionsMax"/>. InitialVFs is the same: there is no VF migration.</summary>
    public required int TotalVfs { get; init; }

    /// <summary>Of every VF; its vendor is the PF's.</summary>
    public required ushort VfDeviceId { get; init; }

    /// <summary>BARs of one VF, with their sizes at a System Page Size of 4 KB; a larger page makes smaller ones larger (§9.2.1.1.1).</summary>
    public IReadOnlyList<BarDescription> VfBars { get; init; } = [];

    /// <summary>Bit n: 2^(n + 12) bytes.</summary>
    public uint SupportedPageSizes { get; init; } = RequiredPageSizes;

    /// <summary>VFs can make requests with 10-bit tags.</summary>
    public bool VfTag10BitRequester { get; init; }

    /// <summary>First VF Offset and VF Stride for a NumVFs and the ARI Capable Hierarchy bit: both may depend on both.</summary>
    public Func<int, bool, VfRouting> Routing { get; init; } = VfRouting.Dense;
}
