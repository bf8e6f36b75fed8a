using ExpEther.Pcie.Config;

namespace ExpEther.Pcie.Tests;

/// <summary>A PF and its VFs: 64-bit prefetchable and 32-bit VF BARs, dense routing IDs unless told otherwise.</summary>
internal static class SrIovSample
{
    public const int Control = SrIovRegister.Control;

    public static readonly SrIovDescription SrIov = new()
    {
        TotalVfs = 16,
        VfDeviceId = 0x0011,
        VfBars = [new BarDescription(0, 16 * 1024, Is64Bit: true, Prefetchable: true), new BarDescription(3, 4096)],
    };

    public static EndpointConfig MakePf(SrIovDescription? srIov = null) => new(EndpointSample.Description with { SrIov = srIov ?? SrIov });

    public static EndpointConfig MakeVf(EndpointConfig pf, int number) => new(
        EndpointSample.Description with { Bars = [], IsVirtualFunction = true, MsixTable = new MsixLocation(0, 0x2000), MsixPba = new MsixLocation(0, 0x3000) },
        pf, number);

    public static void Write16(this EndpointConfig config, int offset, int value) =>
        config.Write(offset & ~3, (uint)value << ((offset & 2) * 8), 0b0011 << (offset & 2));

    public static int Read16(this EndpointConfig config, int offset) => (int)(config.Read(offset & ~3) >> ((offset & 2) * 8)) & 0xFFFF;

    /// <summary>NumVFs, then VF Enable and VF MSE, as a host does it.</summary>
    public static void Enable(this EndpointConfig pf, int numVfs, bool ari)
    {
        var at = pf.SrIov!.Offset;
        var hierarchy = ari ? SrIovRegister.ControlAriCapableHierarchy : 0;
        pf.Write16(at + Control, hierarchy);
        pf.Write16(at + SrIovRegister.NumVfs, numVfs);
        pf.Write16(at + Control, hierarchy | SrIovRegister.ControlVfEnable | SrIovRegister.ControlVfMemorySpaceEnable);
    }
}
