using ExpEther.Bridge.Io;
using ExpEther.RootComplex.Guests;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>What <c>attach</c> to a virtual machine says: what the monitor said, and not that the bridge has a slot for it.</summary>
public class GuestPlugTests
{
    private readonly TestFabric _fabric = new();
    private readonly FabricGuest _guest;
    private readonly FabricBox _box;

    public GuestPlugTests()
    {
        _guest = _fabric.AddGuest("vm1", 101);
        _box = _fabric.AddBox("box1", bridge => bridge.AddDevice("probe", new ProbeDevice()));
        _fabric.Start();
    }

    [Fact]
    public void A_monitor_that_refuses_makes_the_command_fail_in_its_words_and_leaves_no_owner()
    {
        _guest.Machine.Plugged = slot => slot.Say(GuestShowing.Refused, "QEMU refuses the function: Bus 'x' not found; give the guest a port");

        var result = _fabric.Run(() => _box.Bridge.AttachAsync("probe", "vm1"));

        Assert.Equal((false, RefusalCode.HostRefused), (result.Ok, result.Code));
        Assert.Contains("Bus 'x' not found; give the guest a port", result.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(result.Steps, s => s.Name == BridgeStepName.Plugged);
        Assert.Null(_box.Function("probe").Owner);
        _fabric.Pass(TimeSpan.FromSeconds(30));
        Assert.Null(_guest.Bridge.Status().Slots[0].Function);
        Assert.Single(_guest.Machine.Calls, "plug 1");

        // What was wrong is mended, and nothing of the refusal is left.
        _guest.Machine.Plugged = null;
        result = _fabric.Run(() => _box.Bridge.AttachAsync("probe", "vm1"));
        Assert.True(result.Ok, result.Message);
        Assert.Equal("", result.Message);
        Assert.Contains(result.Steps, s => s.Name == BridgeStepName.Plugged);
    }

    [Fact]
    public void A_monitor_that_is_not_there_makes_the_function_wait_and_that_is_said()
    {
        _guest.Machine.Plugged = slot => slot.Say(GuestShowing.Waiting, "QEMU is not there; the function waits for it");

        var result = _fabric.Run(() => _box.Bridge.AttachAsync("probe", "vm1"));

        Assert.True(result.Ok, result.Message);
        Assert.Contains("QEMU is not there", result.Message, StringComparison.Ordinal);
        Assert.Contains(result.Steps, s => s.Name == BridgeStepName.Waiting);
        Assert.DoesNotContain(result.Steps, s => s.Name == BridgeStepName.Plugged);
        Assert.Equal(("vm1", null, "QEMU is not there; the function waits for it"), OwnerSlotNote());

        _guest.Slot(1).Say(GuestShowing.Shown, "");
        _fabric.Pass(TimeSpan.FromMilliseconds(10));
        Assert.Equal(("vm1", 1, ""), OwnerSlotNote());
    }

    [Fact]
    public void A_monitor_that_takes_all_its_time_is_waited_for_and_that_is_said_meanwhile()
    {
        _guest.Machine.PlugTime = GuestLimits.PlugTimeout;

        var result = _fabric.Run(() => _box.Bridge.AttachAsync("probe", "vm1"));

        Assert.Equal((true, ""), (result.Ok, result.Message));
        var steps = result.Steps.ToDictionary(step => step.Name, step => step.At);
        Assert.Equal(_box.Bridge.Options.PlugTimeout, steps[BridgeStepName.Awaited] - steps[BridgeStepName.Presented]);
        Assert.True(steps[BridgeStepName.Plugged] - steps[BridgeStepName.Presented] >= GuestLimits.PlugTimeout);
    }

    [Fact]
    public void A_remark_of_the_guests_side_is_told_beside_that_the_function_is_plugged()
    {
        _guest.Machine.Plugged = slot => slot.Say(GuestShowing.Shown, "nothing in the guest has taken it");

        var result = _fabric.Run(() => _box.Bridge.AttachAsync("probe", "vm1"));

        Assert.True(result.Ok, result.Message);
        Assert.Equal("nothing in the guest has taken it", result.Message);
        Assert.Contains(result.Steps, s => s.Name == BridgeStepName.Plugged);
    }

    [Fact]
    public void A_function_that_its_owner_cannot_show_when_the_link_comes_back_stays_its_and_says_why()
    {
        Assert.True(_fabric.Run(() => _box.Bridge.AttachAsync("probe", "vm1")).Ok);
        _guest.Machine.Plugged = slot => slot.Say(GuestShowing.Refused, "no port");
        _fabric.Restart(_box, bridge => bridge.AddDevice("probe", new ProbeDevice()));

        _fabric.Until(() => _fabric.Boxes[0].Function("probe").Note == "no port");

        Assert.Equal("vm1", _fabric.Boxes[0].Function("probe").Owner);
    }

    private (string? Owner, int? Slot, string Note) OwnerSlotNote() =>
        (_box.Function("probe").Owner, _box.Function("probe").Slot, _box.Function("probe").Note);
}
