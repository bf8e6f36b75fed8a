namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>A guest goes from one host bridge to another, and its functions of two boxes go after it.</summary>
public class GuestFollowTests
{
    private static readonly Guid Guest = Guid.Parse("8a5b8a0e-2f0f-4d0c-9a41-0e3f5f6f7a01");

    private readonly TestFabric _fabric = new();
    private readonly FabricGuest _source;
    private readonly FabricGuest _destination;

    public GuestFollowTests()
    {
        _source = _fabric.AddGuest("vm1", 101);
        _destination = _fabric.AddGuest("vm2", 102);
        foreach (var (box, function) in ((string, string)[])[("box1", "probe1"), ("box2", "probe2")])
        {
            _fabric.AddBox(box, bridge => bridge.AddDevice(function, new ProbeDevice()));
        }

        _fabric.Start();
        _fabric.Attach(_fabric.Boxes[0], "probe1", _source);
        _fabric.Attach(_fabric.Boxes[1], "probe2", _source, slot: 2);
    }

    [Fact]
    public void Functions_of_two_boxes_follow_it_into_the_slots_that_they_had()
    {
        Mark(1);
        Mark(2);
        _destination.Bridge.TellGuest(Guest);
        _fabric.Until(() => Owners() == ("vm2", "vm2") && Functions(_source) == (null, null) && Functions(_destination) == ("probe1", "probe2"));
        Assert.Contains("unplug 1", _source.Machine.Calls);
        Assert.DoesNotContain("surprise 1", _source.Machine.Calls);
    }

    [Fact]
    public void A_box_whose_link_comes_up_later_hears_which_guest_runs_there()
    {
        Mark(1);
        Mark(2);
        _fabric.Cut(_destination.Port);
        _fabric.Until(() => _fabric.Boxes.All(b => !b.Bridge.Status().Hosts[1].Linked));
        _destination.Bridge.TellGuest(Guest);
        _fabric.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(("vm1", "vm1"), Owners());

        Mark(1);
        Mark(2);
        _fabric.Heal(_destination.Port);
        _fabric.Until(() => Owners() == ("vm2", "vm2"));
    }

    [Fact]
    public void A_guest_that_does_not_run_there_any_more_is_not_named_when_a_link_comes_up()
    {
        _destination.Bridge.TellGuest(Guest);
        _fabric.Pass(TimeSpan.FromMilliseconds(10));
        _destination.Bridge.TellGuest(Guid.Empty);
        Mark(1);
        _fabric.Cut(_destination.Port);
        _fabric.Until(() => _fabric.Boxes.All(b => !b.Bridge.Status().Hosts[1].Linked));
        Mark(1);
        _fabric.Heal(_destination.Port);
        _fabric.Until(() => _fabric.Boxes.All(b => b.Bridge.Status().Hosts[1].Linked));
        _fabric.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(("vm1", "vm1"), Owners());
    }

    [Fact]
    public void A_virtual_function_brings_the_private_namespaces_that_it_shows()
    {
        var shared = new SharedDisk();
        shared.Attach(1, 1);
        var own = shared.Create(1);
        Assert.True(shared.Write(1, own, seed: 7).IsSuccess);
        shared.Host(1).Bridge.TellFollows(1, Guest);
        shared.Fabric.Until(() => shared.Fabric.Boxes[0].Function("disk.vf1").FollowsGuest == Guest);
        shared.Host(3).Bridge.TellGuest(Guest);
        shared.Fabric.Until(() => shared.Host(3).Disks == 1 && shared.Host(1).Disks == 0);

        Assert.Equal([1, own], shared.SeenBy(3));
        Assert.True(shared.Holds(3, own, seed: 7));
        Assert.Equal("host3", shared.Status(own)!.Owner);
    }

    [Fact]
    public void An_empty_slot_says_nothing()
    {
        _source.Slot(3).Follow(Guest);
        _source.Bridge.TellFollows(3, Guest);
        _fabric.Pass(TimeSpan.FromMilliseconds(10));
        Assert.All(_fabric.Boxes, box => Assert.Equal(0, box.Bridge.Status().Counters.StaleAnswers));
    }

    private void Mark(int slot)
    {
        _source.Slot(slot).Follow(Guest);
        _fabric.Until(() => _fabric.Boxes[slot - 1].Function($"probe{slot}").FollowsGuest == Guest);
    }

    private (string?, string?) Owners() => (_fabric.Boxes[0].Function("probe1").Owner, _fabric.Boxes[1].Function("probe2").Owner);

    private static (string?, string?) Functions(FabricGuest guest) => (guest.Status(1).Function?.Name, guest.Status(2).Function?.Name);
}
