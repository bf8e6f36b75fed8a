namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>A host uses several boxes, a box serves several hosts, all at once.</summary>
public class ManyToManyTests
{
    [Theory]
    [InlineData(false, 1500)]
    [InlineData(true, 9000)]
    public void Two_hosts_share_two_boxes_in_parallel(bool isSealed, int mtuBytes)
    {
        var fabric = new TestFabric(isSealed, mtuBytes);
        var host1 = fabric.AddHost("host1", 101);
        var host2 = fabric.AddHost("host2", 102);
        var boxes = Enumerable.Range(1, 2).Select(n => fabric.AddBox($"box{n}", b =>
        {
            b.AddDevice("a", TestDisk.Make($"BOX{n}A", fabric.Events));
            b.AddDevice("b", TestDisk.Make($"BOX{n}B", fabric.Events));
        })).ToArray();
        fabric.Start();
        foreach (var box in boxes)
        {
            fabric.Attach(box, "a", host1);
            fabric.Attach(box, "b", host2);
        }

        Assert.Equal(["BOX1A", "BOX2A"], host1.Nvme.Disks.Select(d => d.SerialNumber));
        Assert.Equal(["BOX1B", "BOX2B"], host2.Nvme.Disks.Select(d => d.SerialNumber));
        var loads = new[] { host1, host2 }.SelectMany(h => h.Nvme.Disks.Select(d => new DiskLoad(fabric, h, d))).ToArray();
        fabric.Until(() => loads.All(l => l.Rounds >= 20));
        foreach (var load in loads)
        {
            load.Stop();
        }

        Assert.All(loads, l => Assert.Equal((null, 0), (l.Failure, l.WrongBytes)));
        Assert.All(new[] { host1, host2 }, h => Assert.All(h.Bridge.Status().Slots, s => Assert.Equal(0, s.Counters.DmaUnsupportedRequests)));
        Assert.Equal(2, host1.Bridge.Status().Boxes.Count);
    }

    [Fact]
    public void A_box_that_restarts_gives_each_function_back_to_its_owner()
    {
        var fabric = new TestFabric();
        var host1 = fabric.AddHost("host1", 101);
        var host2 = fabric.AddHost("host2", 102);
        var box = fabric.AddBox("box1", b =>
        {
            b.AddDevice("a", TestDisk.Make("A", fabric.Events));
            b.AddDevice("b", TestDisk.Make("B", fabric.Events));
        });
        fabric.Start();
        fabric.Attach(box, "a", host1);
        fabric.Attach(box, "b", host2);

        fabric.Restart(box, b =>
        {
            b.AddDevice("a", TestDisk.Make("A", fabric.Events));
            b.AddDevice("b", TestDisk.Make("B", fabric.Events));
        });
        fabric.Until(() => host1.Disks == 1 && host2.Disks == 1 && host1.Nvme.Disks[0].IsUsable && host2.Nvme.Disks[0].IsUsable
            && fabric.Boxes[0].Bridge.Status().Functions.All(f => f.VfH is not null));

        Assert.Equal("A", host1.Nvme.Disks[0].SerialNumber);
        Assert.True(fabric.Run(() => TestDisk.WriteAsync(host2, host2.Nvme.Disks[0], 0, 8, 3)).IsSuccess);
    }
}
