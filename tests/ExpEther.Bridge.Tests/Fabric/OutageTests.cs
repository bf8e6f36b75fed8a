using ExpEther.Bridge.Hosts;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>Cables that are cut: a pause while shorter than link-dead, a removal and a return when longer.</summary>
public class OutageTests
{
    [Fact]
    public void A_cut_shorter_than_link_dead_is_a_pause_without_an_error()
    {
        var fabric = new TestFabric(isSealed: true);
        var host = fabric.AddHost("host1", 101);
        var box = fabric.AddBox("box1", b => b.AddDevice("disk", TestDisk.Make("ONE", fabric.Events)));
        fabric.Start();
        var attached = fabric.Attach(box, "disk", host);
        var load = new DiskLoad(fabric, host, host.Nvme.Disks[0]);
        fabric.Until(() => load.Rounds > 2);

        fabric.Cut(box.Port);
        fabric.Pass(TimeSpan.FromSeconds(10));
        var rounds = load.Rounds;
        fabric.Heal(box.Port);
        fabric.Until(() => load.Rounds > rounds + 10);
        load.Stop();

        Assert.Equal((null, 0), (load.Failure, load.WrongBytes));
        Assert.InRange(load.Longest, TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(13));
        Assert.Equal(attached.Generation, host.Bridge.Status().Slots[0].Function!.Generation);
        Assert.Equal(0, host.Nvme.Disks[0].Resets);
    }

    [Fact]
    public void A_cut_longer_than_link_dead_empties_the_slot_and_the_function_comes_back_as_a_new_generation()
    {
        var fabric = new TestFabric();
        var host = fabric.AddHost("host1", 101);
        var box = fabric.AddBox("box1", b => b.AddDevice("disk", TestDisk.Make("ONE", fabric.Events)));
        fabric.Start();
        var attached = fabric.Attach(box, "disk", host);
        Assert.True(fabric.Run(() => TestDisk.WriteAsync(host, host.Nvme.Disks[0], 0, 16, 5)).IsSuccess);
        var load = new DiskLoad(fabric, host, host.Nvme.Disks[0]);
        fabric.Until(() => load.Rounds > 2);
        fabric.Capture.IsOn = true;

        fabric.Cut(host.Port);
        fabric.Pass(TimeSpan.FromSeconds(25));
        Assert.Equal(SlotState.Empty, host.Bridge.Status().Slots[0].State);
        Assert.Empty(host.Nvme.Disks);
        Assert.True(load.HasEnded);
        Assert.NotNull(load.Failure);

        fabric.Heal(host.Port);
        fabric.Until(() => host.Disks == 1);

        Assert.Equal("host1", box.Function("disk").Owner);
        Assert.True(box.Function("disk").Generation > attached.Generation);
        Assert.Equal(1, host.Bridge.Status().Slots.Count(s => s.Function is not null));
        var disk = host.Nvme.Disks[0];
        Assert.True(fabric.Run(() => TestDisk.WriteAsync(host, disk, 0, 16, 6)).IsSuccess);
        Assert.True(fabric.Run(() => TestDisk.VerifyAsync(host, disk, 0, 16, 6)).IsRight);
    }

    [Fact]
    public void A_host_survives_a_box_that_vanishes_and_keeps_its_other_box()
    {
        var fabric = new TestFabric();
        var host = fabric.AddHost("host1", 101);
        var box1 = fabric.AddBox("box1", b => b.AddDevice("disk1", TestDisk.Make("ONE", fabric.Events)));
        var box2 = fabric.AddBox("box2", b => b.AddDevice("disk2", TestDisk.Make("TWO", fabric.Events)));
        fabric.Start();
        fabric.Attach(box1, "disk1", host);
        fabric.Attach(box2, "disk2", host);
        var load = new DiskLoad(fabric, host, host.Nvme.Disks.Single(d => d.SerialNumber == "TWO"), pauseMs: 100);

        fabric.Cut(box1.Port);
        fabric.Pass(TimeSpan.FromSeconds(25));

        Assert.Equal("TWO", Assert.Single(host.Nvme.Disks).SerialNumber);
        var rounds = load.Rounds;
        fabric.Until(() => load.Rounds > rounds + 5);
        load.Stop();
        Assert.Equal((null, 0), (load.Failure, load.WrongBytes));
    }

    [Fact]
    public void Frames_lost_on_the_way_cost_time_and_nothing_else()
    {
        var fabric = new TestFabric(isSealed: true);
        var host = fabric.AddHost("host1", 101);
        var box = fabric.AddBox("box1", b => b.AddDevice("disk", TestDisk.Make("ONE", fabric.Events)));
        fabric.Start();
        fabric.Attach(box, "disk", host);
        fabric.Switch.Switch.SetDrop(box.Port.Number, 0.02);
        var load = new DiskLoad(fabric, host, host.Nvme.Disks[0]);

        fabric.Until(() => load.Rounds > 60, TimeSpan.FromMinutes(2));
        load.Stop();

        Assert.Equal((null, 0), (load.Failure, load.WrongBytes));
        Assert.True(host.Bridge.Status().Boxes[0].Counters.FramesRetransmitted > 0);
    }
}
