using ExpEther.Pcie;
using ExpEther.RootComplex.Functions;

namespace ExpEther.Bridge.Io.Devices;

/// <summary>How a device's virtual functions were laid out (PCIe 5.0 §9.3.3), as read back from it.</summary>
internal sealed record SrIovLayout
{
    /// <summary>Offset of the capability in the PF's configuration space.</summary>
    public required int Offset { get; init; }

    public required int TotalVfs { get; init; }

    public required int NumVfs { get; init; }

    public required int FirstVfOffset { get; init; }

    public required int VfStride { get; init; }

    /// <summary>ARI Capable Hierarchy is set.</summary>
    public required bool Ari { get; init; }

    public ushort VfDeviceId { get; init; }

    public long PageBytes { get; init; }

    /// <summary>The VF BARs with the size of one VF's part and the address of VF 1's.</summary>
    public IReadOnlyList<PciBar> VfBars { get; init; } = [];

    /// <summary>§9.2.1.2.</summary>
    /// <param name="pf">The PF's routing ID.</param>
    /// <param name="number">From 1.</param>
    public int RidOf(Rid pf, int number) => pf.Value + FirstVfOffset + ((number - 1) * VfStride);

    /// <summary>The BARs of one VF: its parts of the apertures.</summary>
    public IReadOnlyList<PciBar> BarsOf(int number) =>
        [.. VfBars.Select(bar => bar with { Address = new HostAddress(bar.Address.Value + ((ulong)(number - 1) * bar.SizeBytes)) })];
}
