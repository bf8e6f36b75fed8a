using ExpEther.Bridge.Io;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>A disk moves from one host to another while other I/O goes on: by VLAN, and in one VLAN by MAC.</summary>
public class MoveTests
{
    [Theory]
    [InlineData(101, 102, false)]
    [InlineData(100, 100, false)]
    [InlineData(101, 102, true)]
    public void What_one_host_wrote_the_other_reads_after_the_move_and_a_third_disk_never_notices(int vlan1, int vlan2, bool force)
    {
        var fabric = new TestFabric();
        var host1 = fabric.AddHost("host1", vlan1);
        var host2 = fabric.AddHost("host2", vlan2);
        var box = fabric.AddBox("box1", b =>
        {
            b.AddDevice("disk1", TestDisk.Make("ONE", fabric.Events));
            b.AddDevice("disk2", TestDisk.Make("TWO", fabric.Events));
        });
        fabric.Start();
        var first = fabric.Attach(box, "disk1", host1);
        fabric.Attach(box, "disk2", host2);
        var disk = host1.Nvme.Disks[0];
        Assert.True(fabric.Run(() => TestDisk.WriteAsync(host1, disk, 8, 100, seed: 42)).IsSuccess);
        var load = new DiskLoad(fabric, host2, host2.Nvme.Disks[0]);
        fabric.Until(() => load.Rounds > 2);
        fabric.Capture.IsOn = true;

        var moved = fabric.Run(() => box.Bridge.MoveAsync("disk1", "host2", force));
        Assert.True(moved.Ok, moved.Message);
        fabric.Until(() => host2.Disks == 2 && host1.Disks == 0);

        var there = host2.Nvme.Disks.Single(d => d.SerialNumber == "ONE");
        var (result, isRight) = fabric.Run(() => TestDisk.VerifyAsync(host2, there, 8, 100, seed: 42));
        Assert.True(result.IsSuccess && isRight);
        var rounds = load.Rounds;
        fabric.Until(() => load.Rounds > rounds);
        load.Stop();
        Assert.Equal((0, null), (load.WrongBytes, load.Failure));

        // On the wire: the function's frames change VLAN and peer, and never go back.
        Assert.Equal((host1.Vlan, host2.Vlan), (moved.VlanBefore, moved.VlanAfter));
        Assert.True(moved.Generation > first.Generation);
        var ofDisk = fabric.Capture.Tlps.Where(t => t.Source == box.Mac && t.Function == box.Function("disk1").Number).ToList();
        var firstAtHost2 = ofDisk.FindIndex(t => t.Destination == host2.Mac);
        Assert.True(firstAtHost2 >= 0);
        Assert.All(ofDisk.Take(firstAtHost2), t => Assert.Equal((host1.Mac, host1.Vlan, first.Generation), (t.Destination, t.Vlan, t.Generation)));
        Assert.All(ofDisk.Skip(firstAtHost2), t => Assert.Equal((host2.Mac, host2.Vlan, moved.Generation), (t.Destination, t.Vlan, t.Generation)));
        if (!force)
        {
            Assert.Contains(moved.Steps, s => s.Name == BridgeStepName.PoweredOff);
        }
    }

    [Fact]
    public void A_disk_goes_back_and_forth_many_times()
    {
        var fabric = new TestFabric(isSealed: true);
        var host1 = fabric.AddHost("host1", 101);
        var host2 = fabric.AddHost("host2", 102);
        var box = fabric.AddBox("box1", b => b.AddDevice("disk", TestDisk.Make("ONE", fabric.Events)));
        fabric.Start();
        fabric.Attach(box, "disk", host1);
        var (owner, other) = (host1, host2);
        for (ulong round = 1; round <= 6; round++)
        {
            Assert.True(fabric.Run(() => TestDisk.WriteAsync(owner, owner.Nvme.Disks[0], 0, 8, round)).IsSuccess);
            var moved = fabric.Run(() => box.Bridge.MoveAsync("disk", other.Name));
            Assert.True(moved.Ok, moved.Message);
            fabric.Until(() => other.Disks == 1 && owner.Disks == 0);
            (owner, other) = (other, owner);
            var (result, isRight) = fabric.Run(() => TestDisk.VerifyAsync(owner, owner.Nvme.Disks[0], 0, 8, round));
            Assert.True(result.IsSuccess && isRight);
        }
    }

    [Fact]
    public void A_forced_move_under_load_ends_the_old_hosts_commands_and_leaves_it_whole()
    {
        var fabric = new TestFabric();
        var host1 = fabric.AddHost("host1", 101);
        var host2 = fabric.AddHost("host2", 102);
        var box = fabric.AddBox("box1", b =>
        {
            b.AddDevice("disk1", TestDisk.Make("ONE", fabric.Events));
            b.AddDevice("disk2", TestDisk.Make("TWO", fabric.Events));
        });
        fabric.Start();
        fabric.Attach(box, "disk1", host1);
        fabric.Attach(box, "disk2", host1);
        var loads = host1.Nvme.Disks.Select(d => new DiskLoad(fabric, host1, d)).ToArray();
        fabric.Until(() => loads.All(l => l.Rounds > 2));

        var moved = fabric.Run(() => box.Bridge.MoveAsync("disk1", "host2", force: true));

        Assert.True(moved.Ok, moved.Message);
        fabric.Until(() => loads.Any(l => l.HasEnded));
        fabric.Until(() => host2.Disks == 1 && host1.Disks == 1);
        var survivor = Assert.Single(loads, l => !l.HasEnded);
        var rounds = survivor.Rounds;
        fabric.Until(() => survivor.Rounds > rounds + 2);
        survivor.Stop();
        Assert.Equal(0, loads.Sum(l => l.WrongBytes));
        Assert.True(fabric.Run(() => TestDisk.WriteAsync(host2, host2.Nvme.Disks[0], 0, 8, 1)).IsSuccess);
    }
}
