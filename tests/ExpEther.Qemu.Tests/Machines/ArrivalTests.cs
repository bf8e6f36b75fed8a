namespace ExpEther.Qemu.Tests.Machines;

/// <summary>A guest whose state is still coming in gets its functions when it runs, and not into a state that is overwritten.</summary>
public sealed class ArrivalTests : IDisposable
{
    private readonly MachineRig _rig = new();

    public ArrivalTests() => _rig.Qemu.RunState = "inmigrate";

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void A_function_that_comes_meanwhile_waits_until_the_guest_runs()
    {
        _rig.Connect();
        PlugHeld();
        Waits();
        Assert.Contains("still coming in", _rig.Slots[0].Told[^1].Words, StringComparison.Ordinal);

        _rig.Qemu.Monitor.SendEvent("RESUME");
        IsThere();
    }

    [Fact]
    public void A_function_that_waited_for_QEMU_waits_on()
    {
        PlugHeld();
        _rig.Connect();
        Waits();
        _rig.Qemu.Monitor.SendEvent("RESUME");
        IsThere();
    }

    [Fact]
    public void It_is_there_for_the_next_QEMU_when_this_one_ends_before_its_guest_has_come()
    {
        _rig.Connect();
        PlugHeld();
        _rig.Qemu.End();
        _rig.RunFor(TimeSpan.FromMilliseconds(50));
        Assert.Equal((QemuSlotState.WaitingForQemu, ""), (_rig.Status().State, _rig.Status().Trouble));
        _rig.Qemu.RunState = "running";
        _rig.Connect();
        IsThere();
    }

    [Fact]
    public void A_device_of_its_command_line_stays()
    {
        PlugHeld();
        var boot = _rig.Qemu.StartDevice("expether-slot1", "expether-port1", _rig.Options.SocketOf(1))!;
        _rig.RunUntil(() => boot.IsRealized, TimeSpan.FromSeconds(2));
        _rig.Connect();
        _rig.RunFor(TimeSpan.FromSeconds(3));
        Assert.Equal(QemuSlotState.Connected, _rig.Status().State);
        Assert.Equal(0, _rig.Qemu.Monitor.CountOf("device_del"));
    }

    [Fact]
    public void A_guest_that_begins_to_run_among_the_first_answers_is_not_missed()
    {
        _rig.Qemu.AfterAnswer = command =>
        {
            if (command == "query-status")
            {
                _rig.Qemu.AfterAnswer = null;
                _rig.Qemu.Monitor.SendEvent("RESUME");
            }
        };
        _rig.Connect();
        PlugHeld();
        IsThere();
        Assert.True(_rig.Machine.Status().IsRunning);
    }

    private void PlugHeld()
    {
        var plug = _rig.Plug();
        _rig.RunUntil(() => plug.IsEnded, TimeSpan.FromSeconds(1));
        Assert.True(plug.Result);
    }

    private void Waits()
    {
        _rig.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal(QemuSlotState.WaitingForQemu, _rig.Status().State);
        Assert.Equal(0, _rig.Qemu.Monitor.CountOf("device_add"));
        Assert.Contains("still coming in", _rig.Status().Trouble, StringComparison.Ordinal);
    }

    private void IsThere()
    {
        _rig.RunUntil(() => _rig.Status().State == QemuSlotState.Connected, TimeSpan.FromSeconds(3));
        Assert.Equal("", _rig.Status().Trouble);
    }
}
