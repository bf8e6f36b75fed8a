using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Tests.Protocol;

/// <summary>Structures of which libnvme's header tells the offsets of some fields only: bytes as NVMe 1.4 has them.</summary>
public sealed class VirtualizationLayoutTests
{
    [Fact]
    public void Virtualization_management_packs_controller_resource_and_action()
    {
        var request = new VirtualizationRequest(0x1234, VirtualResourceType.Interrupt, VirtualizationAction.SecondaryAssign, 0xABCD);
        Assert.Equal((0x1234_0108u, 0xABCDu), (request.ToDw10(), request.ToDw11()));
        Assert.Equal(request, VirtualizationRequest.From(0x1234_0108u, 0xABCD));
    }

    [Fact]
    public void Primary_controller_capabilities_have_their_counts_at_32_and_64()
    {
        var bytes = new byte[4096];
        var capabilities = new PrimaryControllerCapabilities(bytes)
        {
            ControllerId = 1,
            PortId = 2,
            ResourceTypes = ResourceTypes.Queues | ResourceTypes.Interrupts,
            Queues = new FlexibleResources(0x11223344, 0x55667788, 0x99AA, 0xBBCC, 0xDDEE, 0xFF01),
            Interrupts = new FlexibleResources(1, 2, 3, 4, 5, 6),
        };
        Assert.Equal("4433221188776655AA99CCBBEEDD01FF", Convert.ToHexString(bytes, 32, 16));
        Assert.Equal("01000000020000000300040005000600", Convert.ToHexString(bytes, 64, 16));
        Assert.Equal("0100020003", Convert.ToHexString(bytes, 0, 5));
        Assert.Equal(new FlexibleResources(0x11223344, 0x55667788, 0x99AA, 0xBBCC, 0xDDEE, 0xFF01), capabilities.Queues);
    }

    [Fact]
    public void Lists_of_controllers_count_and_keep_their_entries()
    {
        var bytes = new byte[4096];
        var list = new SecondaryControllerList(bytes);
        list.Add(new SecondaryControllerEntry(2, 1, true, 1, 3, 4));
        list.Add(new SecondaryControllerEntry(3, 1, false, 2, 0, 0));
        Assert.Equal(2, list.Count);
        Assert.Equal(new SecondaryControllerEntry(3, 1, false, 2, 0, 0), list[1]);
        Assert.Equal("02000100010000000100030004000000", Convert.ToHexString(bytes, 32, 16));

        var ids = new ControllerList(new byte[4096]);
        ids.Add(5);
        ids.Add(0x1234);
        Assert.Equal((2, (ushort)5, (ushort)0x1234), (ids.Count, ids[0], ids[1]));
    }

    [Fact]
    public void Vendor_features_are_ours_only_with_our_signature()
    {
        var bytes = new byte[4096];
        bytes[3080] = 1;
        Assert.Equal(ExpEtherFeatures.None, new IdentifyController(bytes).VendorFeatures);
        new IdentifyController(bytes).VendorFeatures = ExpEtherFeatures.ResizeNamespace;
        Assert.Equal(ExpEtherFeatures.ResizeNamespace, new IdentifyController(bytes).VendorFeatures);
    }
}
