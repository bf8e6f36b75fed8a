using ExpEther.Bridge.Tests.Io.Rig;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Tests.Io;

public sealed class AllocationTests
{
    [Fact]
    public void TLPs_pass_both_ways_without_allocating()
    {
        var rig = new IoRig().StartAndPlug();
        rig.Host.OnlyCounts = true;
        rig.Device.OnlyCounts = true;
        var tlp = new byte[512];
        var up = tlp.AsSpan(0, new MemoryWrite(rig.Device.Rid, 0x1000).Write(tlp, new byte[256])).ToArray();
        var down = tlp.AsSpan(0, new MemoryWrite(rig.Host.HostH, 0x80_0000_0000).Write(tlp, [1, 2, 3, 4])).ToArray();
        Pass(rig, up, down, 5000);
        Assert.Equal(0, Allocations.FewestOf(() => Pass(rig, up, down, 5000)));
    }

    private static void Pass(IoRig rig, byte[] up, byte[] down, int count)
    {
        var toHost = rig.Host.Counted + count;
        var toDevice = rig.Device.Counted + count;
        rig.Device.Repeat(up, count);
        while (rig.Host.Counted < toHost || rig.Device.Counted < toDevice)
        {
            while (rig.Device.Counted < toDevice && rig.Host.Link.HasRoom(TlpClass.Posted))
            {
                rig.Host.Send(down);
                rig.Step();
            }

            rig.Step();
        }
    }
}
