using ExpEther.Pcie.Config;

namespace ExpEther.Pcie.Tests;

/// <summary>An endpoint with one of everything, as an NVMe controller would have it.</summary>
internal static class EndpointSample
{
    public const ulong Bar0 = 0x40_0010_0000;
    public const uint Bar2 = 0xFEB0_0000;

    public static readonly EndpointDescription Description = new()
    {
        VendorId = 0x1B36,
        DeviceId = 0x0010,
        SubsystemVendorId = 0x1AF4,
        SubsystemId = 0x1100,
        ClassCode = 0x010802,
        RevisionId = 2,
        Bars =
        [
            new BarDescription(0, 16 * 1024, Is64Bit: true), new BarDescription(2, 4096),
            new BarDescription(4, 8L << 30, Is64Bit: true, Prefetchable: true),
        ],
        MsixVectors = 65,
        MsixTable = new MsixLocation(0, 0x2000),
        MsixPba = new MsixLocation(0, 0x3000),
        Serial = 0x0011_22FF_FE33_4455,
        MaxPayloadSupported = 1024,
        Ari = true,
        Acs = true,
        Tag10BitRequester = true,
        Ecrc = true,
    };

    public static EndpointConfig Make() => new(Description);

    /// <summary>With both used BARs placed and memory space and bus mastering on.</summary>
    public static EndpointConfig MakeEnabled()
    {
        var config = Make();
        config.Write(0x10, (uint)(Bar0 & uint.MaxValue));
        config.Write(0x14, (uint)(Bar0 >> 32));
        config.Write(0x18, Bar2);
        config.Write(0x20, 0);
        config.Write(0x24, 0x80);
        config.Write(0x04, 0x0006);
        return config;
    }
}
