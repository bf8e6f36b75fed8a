using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller;

/// <summary>What lies where in BAR0. The MSI-X table has a page of its own, as hypervisors like it.</summary>
internal static class BarLayout
{
    public const int Bar = 0;
    public const int SizeBytes = 0x4000;
    public const int DoorbellsOffset = NvmeRegister.Doorbells;
    public const int MsixTableOffset = 0x2000;
    public const int MsixPbaOffset = 0x3000;
}
