using ExpEther.RootComplex.Guests;

namespace ExpEther.Qemu.Tests.Machines;

/// <summary>What the box of a function gets to hear: only what QEMU and the guest have done.</summary>
public sealed class ToldTests : IDisposable
{
    private const byte MemoryAndMaster = 0b110;

    private readonly MachineRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void A_function_is_shown_once_the_guest_has_taken_it()
    {
        _rig.Connect();
        var client = _rig.PlugIn();
        _rig.RunFor(TimeSpan.FromMilliseconds(100));
        Assert.Empty(_rig.Slots[0].Told);

        _rig.Do(client, client.WriteConfig(4, MemoryAndMaster, 0));
        Told(GuestShowing.Shown, "");
    }

    [Fact]
    public void A_guest_that_does_nothing_with_it_is_told_of_after_a_while()
    {
        _rig.Connect();
        _rig.PlugIn();
        _rig.RunUntil(() => _rig.Slots[0].Told.Count > 0, TimeSpan.FromSeconds(4));
        Told(GuestShowing.Shown, "nothing in the guest has taken it");
    }

    [Theory]
    [InlineData("Bus 'expether-port1' not found", false, "a port with id=expether-port1")]
    [InlineData("Bus 'expether-port1' does not support hotplugging", false, "takes no hot-plug")]
    [InlineData("'vfio-user-pci' is not a valid device model name", false, "QEMU 10.1 or newer")]
    [InlineData("Duplicate device ID 'expether-slot1'", true, "another device has the id expether-slot1")]
    [InlineData("PCI: slot 0 function 0 already occupied by e1000e, new func vfio-user-pci cannot be exposed to guest.", true, "something else sits in port")]
    [InlineData("vfio vfio-user:/x: device 01.00.0 requires caching mode", true, "caching-mode=on")]
    [InlineData("Failed to connect to '/x/slot1.sock': Permission denied", true, "owner, group, mode")]
    [InlineData("device_add not allowed while migrating", true, "when the migration has ended")]
    public void What_QEMU_refuses_is_told_at_once_with_a_remedy_that_fits(string words, bool isTriedAgain, string remedy)
    {
        _rig.Connect();
        _rig.Qemu.Refusal = words;
        var plug = _rig.Plug();
        _rig.RunUntil(() => plug.IsEnded, TimeSpan.FromMilliseconds(200));

        Assert.Equal(isTriedAgain, plug.Result);
        var told = _rig.Slots[0].Told[0];
        Assert.Equal(1, _rig.Slots[0].Asked);
        Assert.Equal(GuestShowing.Refused, told.Showing);
        Assert.Contains(words, told.Words, StringComparison.Ordinal);
        Assert.Contains(remedy, told.Words, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_refused_and_came_right_is_told_as_shown()
    {
        _rig.Connect();
        _rig.Qemu.Refusal = "PCI: slot 0 function 0 already occupied by e1000e, new func vfio-user-pci cannot be exposed to guest.";
        var plug = _rig.Plug();
        _rig.RunUntil(() => plug.IsEnded, TimeSpan.FromMilliseconds(200));
        _rig.Qemu.Refusal = null;
        _rig.RunUntil(() => _rig.Slots[0].Told[^1].Showing == GuestShowing.Shown, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void A_function_that_waits_for_QEMU_says_so_and_is_shown_when_it_has_come()
    {
        var plug = _rig.Plug();
        _rig.RunUntil(() => plug.IsEnded, TimeSpan.FromMilliseconds(10));
        Told(GuestShowing.Waiting, "QEMU is not there");

        _rig.Connect();
        _rig.RunUntil(() => _rig.Slots[0].Told.Count == 2, TimeSpan.FromSeconds(5));
        Told(GuestShowing.Shown, "");
    }

    private void Told(GuestShowing showing, string words)
    {
        Assert.NotEmpty(_rig.Slots[0].Told);
        Assert.Equal(showing, _rig.Slots[0].Told[^1].Showing);
        Assert.Contains(words, _rig.Slots[0].Told[^1].Words, StringComparison.Ordinal);
    }
}
