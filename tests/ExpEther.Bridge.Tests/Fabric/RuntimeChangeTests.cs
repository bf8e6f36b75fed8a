using ExpEther.Bridge.Io;
using ExpEther.Bridge.Io.Changes;
using ExpEther.Core.Time;
using ExpEther.Pcie.Ports;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>Hosts, devices, keys and times change while a box runs and another host's I/O goes on.</summary>
public class RuntimeChangeTests
{
    private readonly TestFabric _fabric = new(isSealed: true);
    private readonly FabricHost _host1;
    private readonly FabricHost _host2;
    private readonly FabricBox _box;
    private readonly DiskLoad _load;
    private readonly IoHostOptions _options2;

    public RuntimeChangeTests()
    {
        _host1 = _fabric.AddHost("host1", 101);
        _host2 = _fabric.AddHost("host2", 102);
        IoHostOptions? second = null;
        _box = _fabric.AddBox(
            "box1",
            b =>
            {
                b.AddDevice("disk1", TestDisk.Make("ONE", _fabric.Events));
                b.AddDevice("disk2", TestDisk.Make("TWO", _fabric.Events));
            },
            options =>
            {
                second = options.Hosts[1];
                return options with { Hosts = [options.Hosts[0]] };
            });
        _options2 = second!;
        _fabric.Start();
        _fabric.Attach(_box, "disk1", _host1);
        _load = new DiskLoad(_fabric, _host1, _host1.Nvme.Disks[0]);
        _fabric.Until(() => _load.Rounds > 2);
    }

    private IoBridgeChange Nothing => new()
    {
        LinkDead = _box.Bridge.Options.LinkDead, PathSilent = _box.Bridge.Options.PathSilent, ReleaseTimeout = _box.Bridge.Options.ReleaseTimeout,
    };

    [Fact]
    public void A_host_that_is_added_gets_a_link_and_a_disk_and_one_that_is_removed_is_told_at_once()
    {
        Assert.Empty(Change(Nothing with { HostsAdded = [_options2] }));
        _fabric.Until(() => Linked("host2"));
        _fabric.Attach(_box, "disk2", _host2);
        Assert.True(_fabric.Run(() => TestDisk.WriteAsync(_host2, _host2.Nvme.Disks[0], 0, 8, 3)).IsSuccess);

        var refusal = Assert.Single(Change(Nothing with { HostsRemoved = [_options2] }));
        Assert.Equal(("host", "host2"), (refusal.Kind, refusal.Name));
        Assert.Contains("disk2", refusal.What, StringComparison.Ordinal);
        Assert.Contains("detach disk2", refusal.Remedy, StringComparison.Ordinal);
        Assert.True(Linked("host2"));

        Assert.True(_fabric.Run(() => _box.Bridge.DetachAsync("disk2")).Ok);
        Assert.Empty(Change(Nothing with { HostsRemoved = [_options2] }));
        _fabric.Settle();
        Assert.False(_host2.Bridge.Status().Boxes[0].IsUp);
        Assert.Single(_box.Bridge.Status().Hosts);
        ExpectNothingNoticed();
    }

    [Fact]
    public void A_host_that_a_function_is_about_to_be_given_to_is_not_removed()
    {
        Assert.Empty(Change(Nothing with { HostsAdded = [_options2] }));
        _fabric.Until(() => Linked("host2"));
        var attach = _box.Bridge.AttachAsync("disk2", "host2");
        _fabric.Scheduler.RunReady();

        Assert.NotEmpty(Change(Nothing with { HostsRemoved = [_options2] }, until: null));

        Assert.True(_fabric.Run(() => attach).Ok);
    }

    [Fact]
    public void A_device_that_is_added_is_enumerated_attached_used_detached_and_removed()
    {
        Assert.Empty(Change(Nothing with { DevicesAdded = [("disk3", TestDisk.Make("THREE", _fabric.Events))] }));
        var number = _box.Function("disk3").Number;
        _fabric.Attach(_box, "disk3", _host1);
        var disk = _host1.Nvme.Disks.Single(d => d.SerialNumber == "THREE");
        Assert.True(_fabric.Run(() => TestDisk.WriteAsync(_host1, disk, 0, 8, 3)).IsSuccess);

        Assert.Contains("disk3", Assert.Single(Change(Nothing with { DevicesRemoved = ["disk3"] })).What, StringComparison.Ordinal);
        Assert.True(_fabric.Run(() => _box.Bridge.DetachAsync("disk3")).Ok);
        Assert.Empty(Change(Nothing with { DevicesRemoved = ["disk3"] }));
        Assert.Equal(["disk1", "disk2"], _box.Bridge.Status().Functions.Select(f => f.Name));
        Assert.Equal(RefusalCode.NoSuchFunction, _fabric.Run(() => _box.Bridge.AttachAsync("disk3", "host1")).Code);

        // Another device of that name: a host that still speaks to the old one must not reach it.
        Assert.Empty(Change(Nothing with { DevicesAdded = [("disk3", TestDisk.Make("FOUR", _fabric.Events))] }));
        Assert.True(_box.Function("disk3").Number > number);
        _fabric.Attach(_box, "disk3", _host1);
        ExpectNothingNoticed();
    }

    [Fact]
    public void A_device_takes_the_place_of_one_that_is_removed_at_the_same_time()
    {
        var before = _box.Function("disk2");

        Assert.Empty(Change(Nothing with { DevicesRemoved = ["disk2"], DevicesAdded = [("disk2", TestDisk.Make("NEW", _fabric.Events))] }));
        _fabric.Attach(_box, "disk2", _host1);

        Assert.NotEqual(before.VfIo, _box.Function("disk2").VfIo);
        Assert.Contains(_host1.Nvme.Disks, d => d.SerialNumber == "NEW");
        ExpectNothingNoticed();
    }

    [Fact]
    public void One_device_that_does_not_come_up_undoes_the_good_changes_beside_it()
    {
        var refusal = Assert.Single(Change(Nothing with
        {
            HostsAdded = [_options2],
            DevicesAdded = [("good", TestDisk.Make("GOOD", _fabric.Events)), ("dead", new DeadDevice())],
            ReleaseTimeout = TimeSpan.FromSeconds(1),
        }));

        Assert.Equal("dead", refusal.Name);
        Assert.Equal(["host1"], _box.Bridge.Status().Hosts.Select(h => h.Name));
        Assert.Equal(["disk1", "disk2"], _box.Bridge.Status().Functions.Select(f => f.Name));
        Assert.Equal(TimeSpan.FromSeconds(60), _box.Bridge.Options.ReleaseTimeout);

        ExpectNothingNoticed();

        // What was taken back leaves nothing behind, and neither does what came and went: no bus, no address, no place.
        _load.Stop();
        _fabric.Until(() => _load.HasEnded);
        for (var i = 0; i < 130; i++)
        {
            Assert.Single(Change(Nothing with { DevicesAdded = [("good", TestDisk.Make("GOOD", _fabric.Events)), ("dead", new DeadDevice())] }));
            Assert.Empty(Change(Nothing with { DevicesAdded = [("good", TestDisk.Make("GOOD", _fabric.Events))] }));
            Assert.Empty(Change(Nothing with { DevicesRemoved = ["good"] }));
        }
    }

    [Fact]
    public void Another_key_sets_the_link_up_anew_and_gives_the_functions_back_once_both_ends_have_it()
    {
        Assert.Empty(Change(Nothing with { HostsAdded = [_options2] }));
        _fabric.Until(() => Linked("host2"));
        _fabric.Attach(_box, "disk2", _host2);
        var generation = _box.Function("disk2").Generation;
        byte[] key = [.. Enumerable.Repeat((byte)7, 32)];

        Assert.Empty(Change(Nothing with { HostsChanged = [_options2 with { Key = key }] }));
        _fabric.Settle();
        _fabric.Pass(TimeSpan.FromSeconds(10));
        Assert.False(Linked("host2"));
        Assert.True(_host2.Nvme.Disks[0].IsUsable, "the box said good-bye, and may come back within the time of link-dead");
        _fabric.Pass(TimeSpan.FromSeconds(15));
        Assert.Equal(0, _host2.Disks);

        _host2.Bridge.Change(key, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        _fabric.Until(() => _host2.Disks == 1 && _host2.Nvme.Disks[0].IsUsable);

        Assert.Equal("host2", _box.Function("disk2").Owner);
        Assert.True(_box.Function("disk2").Generation > generation);
        Assert.True(_fabric.Run(() => TestDisk.WriteAsync(_host2, _host2.Nvme.Disks[0], 0, 8, 3)).IsSuccess);
        ExpectNothingNoticed();
    }

    [Fact]
    public void The_host_changing_its_key_first_comes_to_the_same()
    {
        Assert.Empty(Change(Nothing with { HostsAdded = [_options2] }));
        _fabric.Until(() => Linked("host2"));
        _fabric.Attach(_box, "disk2", _host2);
        byte[] key = [.. Enumerable.Repeat((byte)7, 32)];

        _host2.Bridge.Change(key, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        _fabric.Settle();
        Assert.False(Linked("host2"));
        Assert.Empty(Change(Nothing with { HostsChanged = [_options2 with { Key = key }] }));

        _fabric.Until(() => _host2.Disks == 1 && _host2.Nvme.Disks[0].IsUsable);
        ExpectNothingNoticed();
    }

    [Fact]
    public void Other_times_of_silence_hold_for_the_link_that_is_up()
    {
        Assert.Empty(Change(Nothing with { LinkDead = TimeSpan.FromSeconds(3), PathSilent = TimeSpan.FromMilliseconds(200) }));
        ExpectNothingNoticed();

        _fabric.Cut(_host1.Port);
        _fabric.Pass(TimeSpan.FromSeconds(2));
        Assert.True(_box.Bridge.Status().Hosts[0] is { Linked: true, Silent: true });
        _fabric.Pass(TimeSpan.FromSeconds(2));
        Assert.False(Linked("host1"));
    }

    [Fact]
    public void A_function_that_its_record_gives_to_a_host_is_shown_to_it_when_its_device_comes()
    {
        _fabric.Attach(_box, "disk2", _host1);
        var image = _box.Store.Load()!;

        // The daemon starts without the device, which is then added again: as if it had been there at the start.
        _load.Stop();
        _fabric.Restart(_box, b => b.AddDevice("disk1", TestDisk.Make("ONE", _fabric.Events)));
        var box = _fabric.Boxes[0];
        _fabric.Until(() => box.Bridge.Status().Hosts[0].Linked);
        Assert.Contains(image.Owners, o => o.Function == "disk2");
        Assert.Empty(Change(Nothing with { DevicesAdded = [("disk2", TestDisk.Make("TWO", _fabric.Events))] }, box));

        _fabric.Until(() => _host1.Nvme.Disks.Any(d => d.SerialNumber == "TWO"));
        Assert.Equal("host1", box.Function("disk2").Owner);
    }

    private bool Linked(string host) => _box.Bridge.Status().Hosts.Single(h => h.Name == host).Linked;

    private IReadOnlyList<ChangeRefusal> Change(IoBridgeChange change, FabricBox? box = null) => Change(change, () => true, box);

    private IReadOnlyList<ChangeRefusal> Change(IoBridgeChange change, Func<bool>? until, FabricBox? box = null)
    {
        var bridge = (box ?? _box).Bridge;
        var done = _fabric.Scheduler.Run(async () =>
        {
            var prepared = await bridge.PrepareAsync(change);
            var refusals = prepared.Refusals();
            if (refusals.Count == 0)
            {
                prepared.Commit();
            }
            else
            {
                prepared.Abandon();
            }

            return refusals;
        });
        if (until is null)
        {
            while (!done.IsCompleted)
            {
                Assert.True(_fabric.Scheduler.RunReady() > 0);
            }
        }

        _fabric.Until(() => done.IsCompleted);
        return done.Result;
    }

    /// <summary>The first host's link and I/O went on throughout.</summary>
    private void ExpectNothingNoticed()
    {
        var rounds = _load.Rounds;
        _fabric.Until(() => _load.Rounds > rounds + 2);
        Assert.Equal((0, null), (_load.WrongBytes, _load.Failure));
        Assert.Equal(1, _box.Bridge.Status().Hosts.Single(h => h.Name == "host1").Link.Epochs);
        Assert.True(_load.Longest < TimeSpan.FromSeconds(1), $"{_load.Longest}");
    }

    /// <summary>Takes every request and answers none.</summary>
    private sealed class DeadDevice : IPcieDevice
    {
        public Instant? NextDeadline => null;

        public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now) => true;

        public bool TryTake(Instant now, Span<byte> into, out int length)
        {
            length = 0;
            return false;
        }

        public bool Poll(Instant now) => false;

        public void Reset(Instant now)
        {
        }
    }
}
