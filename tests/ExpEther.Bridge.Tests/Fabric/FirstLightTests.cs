namespace ExpEther.Bridge.Tests.Fabric;

public class FirstLightTests
{
    [Fact]
    public void A_host_finds_an_attached_function_through_the_switch_and_reads_and_writes_its_memory()
    {
        var fabric = new TestFabric();
        var host = fabric.AddHost("host1", 101);
        var device = new ProbeDevice();
        var box = fabric.AddBox("box1", b => b.AddDevice("probe", device));
        fabric.Start();

        var attached = fabric.Attach(box, "probe", host);

        Assert.True(attached.Ok);
        var function = Assert.Single(host.Probes.Functions);
        Assert.True(function.TryWrite32(0, 0x40, 0xCAFE_F00D));
        Assert.Equal(0xCAFE_F00DUL, fabric.Run(async () => (await function.Read32Async(0, 0x40)).Value));
        Assert.Equal(0xCAFE_F00D, BitConverter.ToUInt32(device.Memory, 0x40));
    }
}
