using ExpEther.Pcie.Config;

namespace ExpEther.Pcie.Tests;

/// <summary>Ports of each type; the downstream one has hot-plug slot 3.</summary>
internal static class PortSample
{
    public static BridgePortConfig Make(PortType type) => new(new BridgePortDescription
    {
        PortType = type,
        VendorId = 0x104C,
        DeviceId = 0x8233,
        SubsystemVendorId = 0x1AF4,
        SubsystemId = 0x1100,
        RevisionId = 1,
        PortNumber = 2,
        MaxPayloadSupported = 1024,
        SlotNumber = type == PortType.DownstreamPort ? 3 : null,
        Serial = 0x0011_22FF_FE33_4466,
    });
}
