namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>Bridges whose ports could send longer frames than the Ethernet between them carries.</summary>
public class PathMtuTests
{
    [Theory]
    [InlineData(9000, 1500, 1500, 1024)]
    [InlineData(9000, 8950, 8934, 4096)]
    [InlineData(8934, 1280, 1214, 1024)]
    [InlineData(1500, 1100, 1024, 512)]
    public void Disks_are_used_with_TLPs_cut_to_what_the_path_carries(int mtuBytes, int pathMtuBytes, int found, int payload)
    {
        var fabric = new TestFabric(isSealed: true, mtuBytes, pathMtuBytes);
        var host = fabric.AddHost("host1", 101);
        var box = fabric.AddBox("box1", b => b.AddDevice("disk", TestDisk.Make("ONE", fabric.Events)));
        fabric.Start();
        fabric.Attach(box, "disk", host);

        var ofBox = box.Bridge.Status().Hosts.Single();
        var ofHost = host.Bridge.Status().Boxes.Single();
        Assert.Equal((found, payload), (ofBox.MtuBytes, ofBox.MaxPayloadBytes));
        Assert.Equal((found, payload), (ofHost.MtuBytes, ofHost.MaxPayloadBytes));
        Assert.Contains(fabric.Events.Events, e => e.Text.Contains($"frames of up to {found} bytes", StringComparison.Ordinal));

        // Writes: the device reads up to 4 KiB at once, and the host cuts its completions. Reads: the box cuts the device's writes.
        var load = new DiskLoad(fabric, host, host.Nvme.Disks[0]);
        fabric.Until(() => load.Rounds >= 20);
        load.Stop();

        Assert.Equal((null, 0), (load.Failure, load.WrongBytes));
        Assert.Equal(0, host.Nvme.Disks[0].Resets);
        Assert.All(host.Bridge.Status().Slots, s => Assert.Equal(0, s.Counters.DmaUnsupportedRequests));
        Assert.Equal(0, ofBox.Link.PathShrinks + ofHost.Counters.PathShrinks);
    }

    [Fact]
    public void One_box_behind_a_narrow_path_does_not_narrow_the_others()
    {
        var fabric = new TestFabric(mtuBytes: 9000);
        var host = fabric.AddHost("host1", 101);
        fabric.AddBox("near", b => b.AddDevice("one", TestDisk.Make("ONE", fabric.Events)));
        fabric.PathMtuBytes = 1500;
        fabric.AddBox("far", b => b.AddDevice("two", TestDisk.Make("TWO", fabric.Events)));
        fabric.Start();
        fabric.Attach(fabric.Boxes[0], "one", host);
        fabric.Attach(fabric.Boxes[1], "two", host);
        var loads = host.Nvme.Disks.Select(d => new DiskLoad(fabric, host, d)).ToArray();
        fabric.Until(() => loads.All(l => l.Rounds >= 10));

        Assert.Equal([("far", 1024), ("near", 4096)], host.Bridge.Status().Boxes.Select(b => (b.Name, b.MaxPayloadBytes)).Order());
        Assert.All(loads, l => Assert.Equal((null, 0), (l.Failure, l.WrongBytes)));
    }
}
