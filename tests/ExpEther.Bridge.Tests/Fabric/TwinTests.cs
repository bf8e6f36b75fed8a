using ExpEther.Bridge.Diagnosis;
using ExpEther.Core.Time;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>Two stations of one identity: the one that works goes on working, and both ends say what is the matter.</summary>
public class TwinTests
{
    private readonly TestFabric _fabric = new(isSealed: true);

    [Fact]
    public void A_second_box_of_one_MAC_does_not_disturb_the_first_and_is_told_at_both_ends()
    {
        var host = _fabric.AddHost("host1", 101);
        var first = _fabric.AddBox("io", b => b.AddDevice("disk1", TestDisk.Make("ONE", _fabric.Events)));
        _fabric.Start();
        _fabric.Attach(first, "disk1", host);
        var epoch = host.Bridge.Status().Boxes[0].Epoch;

        var second = _fabric.AddBox(
            "io", b => b.AddDevice("disk1", TestDisk.Make("TWO", _fabric.Events)), options => options with { Mac = first.Mac });
        _fabric.Run(second.Bridge.StartAsync);
        _fabric.Pass(TimeSpan.FromMinutes(2));

        var box = Assert.Single(host.Bridge.Status().Boxes);
        Assert.Equal((true, epoch, SetupTrouble.Duplicate), (box.IsUp, box.Epoch, box.Trouble));
        Assert.True(first.Bridge.Status().Hosts[0].Linked);
        Assert.Equal(1, host.Disks);
        Assert.Equal((false, SetupTrouble.OursIsTaken), (second.Bridge.Status().Hosts[0].Linked, second.Bridge.Status().Hosts[0].Trouble));
        Assert.Single(Said("a second station has the identity of box io"));
        Assert.Single(Said("another station has our identity"));
        Assert.Empty(Said("is down"));

        // The first one ends: the second has the link, and there is no trouble left.
        first.Bridge.Close(_fabric.Now);
        _fabric.Settle();
        _fabric.Cut(first.Port);
        _fabric.Until(() => second.Bridge.Status().Hosts[0].Linked, TimeSpan.FromSeconds(40));
        _fabric.Pass(TimeSpan.FromSeconds(20));
        Assert.Equal(SetupTrouble.None, second.Bridge.Status().Hosts[0].Trouble);
        Assert.Equal(SetupTrouble.None, host.Bridge.Status().Boxes[0].Trouble);
    }

    [Fact]
    public void A_box_that_was_killed_and_started_again_is_no_twin()
    {
        var host = _fabric.AddHost("host1", 101);
        var box = _fabric.AddBox("io", b => b.AddDevice("disk1", TestDisk.Make("ONE", _fabric.Events)));
        _fabric.Start();

        for (var i = 0; i < 5; i++)
        {
            _fabric.Pass(TimeSpan.FromMilliseconds(70 * i));
            _fabric.Restart(box, b => b.AddDevice("disk1", TestDisk.Make("ONE", _fabric.Events)));
            box = _fabric.Boxes[0];
            _fabric.Until(() => box.Bridge.Status().Hosts[0].Linked && host.Bridge.Status().Boxes[0].IsUp, TimeSpan.FromSeconds(3));
        }

        _fabric.Pass(TimeSpan.FromSeconds(10));
        Assert.Equal(SetupTrouble.None, host.Bridge.Status().Boxes[0].Trouble);
        Assert.Empty(Said("another name or mac"));
    }

    /// <summary>Its new life knows no box: the box has to ask, and learns from the announcement that it should.</summary>
    [Fact]
    public void A_host_that_was_killed_and_started_again_is_linked_long_before_its_old_link_is_dead()
    {
        var host = _fabric.AddHost("host1", 101);
        var box = _fabric.AddBox("io", b => b.AddDevice("disk1", TestDisk.Make("ONE", _fabric.Events)));
        _fabric.Start();

        for (var i = 0; i < 5; i++)
        {
            _fabric.Pass(TimeSpan.FromMilliseconds(70 * i));
            _fabric.Cut(host.Port);
            host = _fabric.AddHost("host1", 101, sameMac: host.Mac);
            _fabric.Run(host.RootComplex.EnumerateAsync);
            _fabric.Until(() => host.Bridge.Status().Boxes is [{ IsUp: true }], TimeSpan.FromSeconds(4));
        }

        _fabric.Pass(TimeSpan.FromSeconds(15));
        Assert.Equal((true, SetupTrouble.None), (box.Bridge.Status().Hosts[0].Linked, box.Bridge.Status().Hosts[0].Trouble));
    }

    [Fact]
    public void A_second_host_of_one_MAC_does_not_disturb_the_first_and_is_told_at_all_ends()
    {
        var first = _fabric.AddHost("host1", 101);
        var box = _fabric.AddBox("io", b => b.AddDevice("disk1", TestDisk.Make("ONE", _fabric.Events)));
        _fabric.Start();
        _fabric.Attach(box, "disk1", first);
        var epoch = first.Bridge.Status().Boxes[0].Epoch;

        var second = _fabric.AddHost("host1", 101, sameMac: first.Mac);
        _fabric.Run(second.RootComplex.EnumerateAsync);
        _fabric.Pass(TimeSpan.FromMinutes(1));

        Assert.Equal(epoch, first.Bridge.Status().Boxes[0].Epoch);
        Assert.Equal((true, SetupTrouble.Duplicate), (box.Bridge.Status().Hosts[0].Linked, box.Bridge.Status().Hosts[0].Trouble));
        Assert.True(first.Bridge.Status().HasTwin);
        Assert.True(second.Bridge.Status().HasTwin);
        Assert.Equal(1, first.Disks);
        Assert.Single(Said("a second station has the identity of host host1"));
        Assert.Equal(2, Said("another station has our identity").Count);

        _fabric.Cut(second.Port);
        _fabric.Pass(TimeSpan.FromSeconds(15));
        Assert.Equal(SetupTrouble.None, box.Bridge.Status().Hosts[0].Trouble);
        Assert.False(first.Bridge.Status().HasTwin);
    }

    [Fact]
    public void Two_boxes_of_one_name_work_and_are_told_apart()
    {
        var host = _fabric.AddHost("host1", 101);
        var one = _fabric.AddBox("io", b => b.AddDevice("disk1", TestDisk.Make("ONE", _fabric.Events)));
        var two = _fabric.AddBox("io", b => b.AddDevice("disk1", TestDisk.Make("TWO", _fabric.Events)));
        _fabric.Start();
        _fabric.Attach(one, "disk1", host);
        _fabric.Attach(two, "disk1", host);
        _fabric.Pass(TimeSpan.FromSeconds(1));

        Assert.Equal([SetupTrouble.NameTaken, SetupTrouble.NameTaken], host.Bridge.Status().Boxes.Select(b => b.Trouble));
        Assert.Contains($"box io ({one.Mac} and {two.Mac})", Assert.Single(Said("give each box a name of its own")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_restart_is_no_twin_and_two_that_alternate_are()
    {
        var watch = new TwinWatch(TimeSpan.FromSeconds(10));
        var now = Instant.Zero + TimeSpan.FromSeconds(100);
        foreach (uint incarnation in new uint[] { 1, 1, 2, 2, 3, 0, 3 })
        {
            watch.Hear(incarnation, now += TimeSpan.FromSeconds(1));
            Assert.False(watch.IsThere(now));
        }

        watch.Hear(2, now += TimeSpan.FromSeconds(1));
        Assert.True(watch.IsThere(now));
        Assert.True(watch.TakeReport(now));
        Assert.False(watch.TakeReport(now));
        Assert.False(watch.IsThere(now + TimeSpan.FromSeconds(10)));
    }

    /// <summary>Incarnations are drawn at random, and may come again.</summary>
    [Fact]
    public void A_station_that_was_not_heard_for_long_is_no_twin_when_its_incarnation_comes_again()
    {
        var watch = new TwinWatch(TimeSpan.FromSeconds(10));
        var now = Instant.Zero + TimeSpan.FromSeconds(100);
        watch.Hear(1, now);
        for (var second = 0; second <= 10; second++)
        {
            watch.Hear(2, now += TimeSpan.FromSeconds(1));
        }

        watch.Hear(1, now);

        Assert.False(watch.IsThere(now));
    }

    private List<string> Said(string text) =>
        [.. _fabric.Events.Events.Where(e => e.Text.Contains(text, StringComparison.Ordinal)).Select(e => e.Text)];
}
