using System.Runtime.CompilerServices;
using ExpEther.VfioUser.Protocol;

namespace ExpEther.VfioUser.Tests.Protocol;

public class LayoutTests
{
    [Fact]
    public void Structures_have_the_sizes_of_the_specification()
    {
        Assert.Equal((16, MessageHeader.Size), (Unsafe.SizeOf<MessageHeader>(), 16));
        Assert.Equal((32, DmaMap.Size), (Unsafe.SizeOf<DmaMap>(), 32));
        Assert.Equal((24, DmaUnmap.Size), (Unsafe.SizeOf<DmaUnmap>(), 24));
        Assert.Equal((16, DeviceInfo.Size), (Unsafe.SizeOf<DeviceInfo>(), 16));
        Assert.Equal((32, RegionInfo.Size), (Unsafe.SizeOf<RegionInfo>(), 32));
        Assert.Equal((16, InterruptInfo.Size), (Unsafe.SizeOf<InterruptInfo>(), 16));
        Assert.Equal((20, SetInterrupts.Size), (Unsafe.SizeOf<SetInterrupts>(), 20));
        Assert.Equal((16, RegionAccess.Size), (Unsafe.SizeOf<RegionAccess>(), 16));
        Assert.Equal((16, MemoryAccess.Size), (Unsafe.SizeOf<MemoryAccess>(), 16));
    }
}
