using ExpEther.Pcie.Config;

namespace ExpEther.Nvme.Controller;

/// <summary>The PCI function in front of a controller: conventional, PF or VF.</summary>
internal static class ControllerFunction
{
    private const int ClassCode = 0x010802;

    public static EndpointConfig Conventional(NvmeControllerOptions options) => new(Describe(options));

    /// <param name="options">Of the primary controller.</param>
    /// <param name="virtuals">What the capability says.</param>
    public static EndpointConfig Physical(NvmeControllerOptions options, SrIovDescription virtuals) =>
        new(Describe(options) with { Ari = true, SrIov = virtuals });

    /// <param name="options">Of the secondary controller.</param>
    /// <param name="physical">The PF's.</param>
    /// <param name="number">From 1.</param>
    public static EndpointConfig Virtual(NvmeControllerOptions options, EndpointConfig physical, int number) =>
        new(Describe(options) with { Ari = true, Bars = [], IsVirtualFunction = true }, physical, number);

    /// <summary>BAR 0 of every controller.</summary>
    public static BarDescription Bar { get; } = new(BarLayout.Bar, BarLayout.SizeBytes, Is64Bit: true);

    private static EndpointDescription Describe(NvmeControllerOptions options) => new()
    {
        VendorId = options.VendorId,
        DeviceId = options.DeviceId,
        SubsystemVendorId = options.VendorId,
        SubsystemId = options.DeviceId,
        ClassCode = ClassCode,
        Bars = [Bar],
        MsixVectors = options.QueuePairsMax + 1,
        MsixTable = new MsixLocation(BarLayout.Bar, BarLayout.MsixTableOffset),
        MsixPba = new MsixLocation(BarLayout.Bar, BarLayout.MsixPbaOffset),
        MaxPayloadSupported = options.MaxPayloadSupported,
    };
}
