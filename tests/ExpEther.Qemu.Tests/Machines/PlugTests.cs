namespace ExpEther.Qemu.Tests.Machines;

/// <summary>How functions come and go, and how that is recovered when QEMU, the guest or we ourselves end in between.</summary>
public sealed class PlugTests : IDisposable
{
    private readonly MachineRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void A_function_is_added_and_taken_away_and_the_guests_place_for_it_is_told()
    {
        _rig.Connect();
        Assert.Equal(QemuSlotState.Absent, _rig.Status().State);
        var client = _rig.PlugIn();
        _rig.RunFor(TimeSpan.FromMilliseconds(20));
        Assert.Equal(("expether-slot1", "03:00.0", true), (_rig.Status().Device, $"{_rig.Status().Guest}", _rig.Status().Guest!.Value.HasAddresses));
        Assert.Equal(QemuSlotState.Absent, _rig.Status(2).State);

        var unplug = _rig.Unplug();
        _rig.RunUntil(() => unplug.IsEnded, TimeSpan.FromMilliseconds(50));
        Assert.Empty(_rig.Qemu.Devices);
        Assert.Equal((QemuSlotState.Absent, null, null, ""), (_rig.Status().State, _rig.Status().Device, _rig.Status().Guest, _rig.Status().Trouble));
        Assert.Equal((1, 1), (_rig.Qemu.Monitor.CountOf("device_add"), _rig.Qemu.Monitor.CountOf("device_del")));
    }

    [Fact]
    public void Fifty_cycles_in_both_slots_leave_nothing_behind()
    {
        _rig.Connect();
        for (var i = 0; i < 50; i++)
        {
            _rig.Slots[0].Fill();
            _rig.Slots[1].Fill();
            _rig.PlugIn();
            _rig.PlugIn(2);
            var (first, second) = (_rig.Unplug(), _rig.Unplug(isSurprise: true, 2));
            _rig.RunUntil(() => first.IsEnded && second.IsEnded, TimeSpan.FromMilliseconds(100));
            _rig.Slots[0].Empty();
            _rig.Slots[1].Empty();
        }

        Assert.Empty(_rig.Qemu.Devices);
        Assert.Equal(100, _rig.Qemu.Monitor.CountOf("device_add"));
    }

    [Fact]
    public void A_function_waits_for_a_QEMU_that_is_started_later()
    {
        var plug = _rig.Plug();
        _rig.RunUntil(() => plug.IsEnded, TimeSpan.FromMilliseconds(10));
        Assert.True(plug.Result);
        Assert.Equal(QemuSlotState.WaitingForQemu, _rig.Status().State);

        _rig.Qemu.Start();
        _rig.RunUntil(() => _rig.Status().State == QemuSlotState.Connected, TimeSpan.FromSeconds(3));
        Assert.Equal(1, _rig.Slots[0].Resets); // the client's own, at the end of realize
    }

    [Fact]
    public void QEMU_ends_and_comes_back_and_the_function_is_reset_in_between()
    {
        _rig.Connect();
        _rig.PlugIn();
        var resets = _rig.Slots[0].Resets;
        _rig.Qemu.End();
        _rig.RunUntil(() => _rig.Status().State == QemuSlotState.WaitingForQemu, TimeSpan.FromMilliseconds(20));
        _rig.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(resets + 1, _rig.Slots[0].Resets);

        _rig.Connect();
        _rig.RunUntil(() => _rig.Status().State == QemuSlotState.Connected, TimeSpan.FromSeconds(1));
        Assert.Equal(resets + 2, _rig.Slots[0].Resets);
        Assert.Equal("", _rig.Status().Trouble);
    }

    [Fact]
    public void A_device_of_the_command_line_has_the_function_after_its_reset_and_not_before()
    {
        _rig.Connect();
        _rig.PlugIn();
        _rig.Qemu.End();
        var resets = _rig.Slots[0].Resets;
        _rig.RunUntil(() => !_rig.Machine.Status().IsRunning && _rig.Status().State != QemuSlotState.Connected, TimeSpan.FromMilliseconds(20));

        var boot = _rig.Qemu.StartDevice("expether-slot1", "expether-port1", _rig.Status().SocketPath)!;
        _rig.RunUntil(() => boot.IsRealized, TimeSpan.FromSeconds(2));
        Assert.Equal(resets + 2, _rig.Slots[0].Resets);

        _rig.Connect();
        _rig.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal((QemuSlotState.Connected, "expether-slot1"), (_rig.Status().State, _rig.Status().Device));
        Assert.Equal((1, 0), (_rig.Qemu.Monitor.CountOf("device_add"), _rig.Qemu.Monitor.CountOf("device_del")));
    }

    [Theory]
    [InlineData("expether-slot1", "elsewhere")]
    [InlineData("disk", "expether-port1")]
    [InlineData(null, "expether-port1")]
    public void A_device_that_came_by_itself_is_released_by_whatever_id_it_has(string? id, string bus)
    {
        var plug = _rig.Plug();
        var boot = _rig.Qemu.StartDevice(id, bus, _rig.Status().SocketPath)!;
        _rig.RunUntil(() => boot.IsRealized, TimeSpan.FromSeconds(2));
        Assert.True(plug.Result);
        _rig.Connect();
        _rig.RunFor(TimeSpan.FromMilliseconds(50));

        var unplug = _rig.Unplug();
        _rig.RunUntil(() => unplug.IsEnded, TimeSpan.FromMilliseconds(100));
        Assert.Empty(_rig.Qemu.Devices);
        Assert.Equal((QemuSlotState.Absent, ""), (_rig.Status().State, _rig.Status().Trouble));
    }

    [Fact]
    public void A_client_that_comes_before_the_function_waits_for_it()
    {
        var boot = _rig.Qemu.StartDevice("expether-slot1", "expether-port1", _rig.Status().SocketPath)!;
        _rig.RunFor(TimeSpan.FromSeconds(1));

        // A root complex that starts says so of every empty slot; that is no reason to send the client away.
        var unplug = _rig.Unplug(isSurprise: true);
        _rig.RunUntil(() => unplug.IsEnded, TimeSpan.FromMilliseconds(20));
        Assert.False(boot.IsRealized);

        var plug = _rig.Plug();
        _rig.RunUntil(() => boot.IsRealized && plug.IsEnded, TimeSpan.FromSeconds(1));
        Assert.Equal(QemuSlotState.Connected, _rig.Status().State);
    }

    [Fact]
    public void We_start_again_and_QEMU_has_a_device_whose_socket_is_dead()
    {
        _rig.Connect();
        _rig.PlugIn();
        _rig.RestartMachine();
        var plug = _rig.Plug();
        _rig.RunUntil(() => plug.IsEnded, TimeSpan.FromSeconds(1));
        Assert.True(plug.Result);
        _rig.RunUntil(() => _rig.Status().State == QemuSlotState.Connected, TimeSpan.FromSeconds(3));
        Assert.Equal((2, 1), (_rig.Qemu.Monitor.CountOf("device_add"), _rig.Qemu.Monitor.CountOf("device_del")));
    }

    [Fact]
    public void We_start_again_without_a_function_and_the_dead_device_is_taken_away()
    {
        _rig.Connect();
        _rig.PlugIn();
        _rig.RestartMachine();
        _rig.RunUntil(() => _rig.Qemu.Devices.Count == 0, TimeSpan.FromSeconds(3));
        _rig.RunFor(TimeSpan.FromMilliseconds(10));
        Assert.Equal(QemuSlotState.Absent, _rig.Status().State);
    }

    [Fact]
    public void A_cable_pulled_while_QEMU_realizes_the_device_ends_the_plug()
    {
        _rig.Connect();
        _rig.Slots[0].Endpoint.Silent = true;
        var plug = _rig.Plug();
        _rig.RunFor(TimeSpan.FromMilliseconds(100));
        _rig.Slots[0].Empty();
        _rig.Machine.MarkGone(_rig.Slots[0].Slot);
        _rig.RunUntil(() => plug.IsEnded, TimeSpan.FromMilliseconds(20));
        Assert.False(plug.Result);
        _rig.RunFor(TimeSpan.FromSeconds(2));
        Assert.Equal((QemuSlotState.Absent, 0), (_rig.Status().State, _rig.Qemu.Devices.Count));
    }

    [Fact]
    public void A_monitor_that_is_lost_alone_changes_nothing_for_the_guest()
    {
        _rig.Connect();
        var client = _rig.PlugIn();
        _rig.Qemu.Monitor.Hangup();
        _rig.RunUntil(() => _rig.Machine.Status().Qemu is null, TimeSpan.FromMilliseconds(20));
        _rig.RunUntil(() => _rig.Machine.Status().Qemu is not null, TimeSpan.FromSeconds(3));
        _rig.RunFor(TimeSpan.FromMilliseconds(50));
        Assert.False(client.IsClosed);
        Assert.Equal((QemuSlotState.Connected, "expether-slot1"), (_rig.Status().State, _rig.Status().Device));

        var unplug = _rig.Unplug();
        _rig.RunUntil(() => unplug.IsEnded, TimeSpan.FromMilliseconds(100));
        Assert.Empty(_rig.Qemu.Devices);
    }

    [Fact]
    public void An_unplug_without_a_monitor_is_bounded_and_the_device_goes_when_it_is_back()
    {
        _rig.Connect();
        var client = _rig.PlugIn();
        _rig.Qemu.Monitor.End();
        _rig.RunFor(TimeSpan.FromMilliseconds(20));
        var unplug = _rig.Unplug();
        _rig.RunUntil(() => unplug.IsEnded, TimeSpan.FromSeconds(11));
        _rig.AssertAbsent(client);

        _rig.Qemu.Start();
        _rig.RunUntil(() => _rig.Qemu.Devices.Count == 0, TimeSpan.FromSeconds(3));
    }

    [Fact]
    public void A_QEMU_without_the_port_is_told_to_the_user_and_not_asked_for_ever()
    {
        _rig.Qemu.Buses.Clear();
        _rig.Connect();
        var plug = _rig.Plug();
        _rig.RunUntil(() => plug.IsEnded, TimeSpan.FromSeconds(1));
        Assert.False(plug.Result);
        Assert.Contains("Bus 'expether-port1' not found", _rig.Status().Trouble, StringComparison.Ordinal);
        Assert.True(_rig.Events.Has("id=expether-port1"));
        _rig.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal(1, _rig.Qemu.Monitor.CountOf("device_add"));
    }

    [Fact]
    public void What_QEMU_refuses_now_is_tried_again_and_comes_right()
    {
        _rig.Connect();
        _rig.Qemu.Refusal = "Device 'vfio-user-pci' cannot be plugged during migration";
        var plug = _rig.Plug();
        _rig.RunFor(TimeSpan.FromSeconds(20));
        Assert.InRange(_rig.Qemu.Monitor.CountOf("device_add"), 3, 6);
        Assert.Contains("during migration", _rig.Status().Trouble, StringComparison.Ordinal);
        Assert.Single(_rig.Events.All, e => e.Text.Contains("refuses", StringComparison.Ordinal));
        _rig.RunUntil(() => plug.IsEnded, TimeSpan.FromSeconds(11));
        Assert.True(plug.Result);

        _rig.Qemu.Refusal = null;
        _rig.RunUntil(() => _rig.Status().State == QemuSlotState.Connected, TimeSpan.FromSeconds(31));
        Assert.Equal("", _rig.Status().Trouble);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_guest_ejects_by_itself_is_given_back_and_not_shown_to_it_again(bool isCloseSeenFirst)
    {
        _rig.Connect();
        _rig.PlugIn();
        var device = _rig.Qemu.Devices[0];
        if (isCloseSeenFirst)
        {
            device.Client.Dispose();
            _rig.RunFor(TimeSpan.FromMilliseconds(20));
        }

        _rig.Qemu.LetGo(device);
        _rig.RunUntil(() => _rig.Slots[0].Ejects == 1, TimeSpan.FromMilliseconds(20));
        var unplug = _rig.Unplug();
        _rig.RunUntil(() => unplug.IsEnded, TimeSpan.FromMilliseconds(20));
        _rig.RunFor(TimeSpan.FromMinutes(1));
        Assert.Equal((QemuSlotState.Absent, "", 0), (_rig.Status().State, _rig.Status().Trouble, _rig.Qemu.Devices.Count));
        _rig.PlugIn();
    }

    [Fact]
    public void A_device_whose_connection_broke_is_not_an_eject_and_comes_back_after_a_reset()
    {
        _rig.Connect();
        var client = _rig.PlugIn();
        var resets = _rig.Slots[0].Resets;
        client.Dispose();
        _rig.RunUntil(() => _rig.Status().State != QemuSlotState.Connected, TimeSpan.FromMilliseconds(20));
        _rig.RunUntil(() => _rig.Status().State == QemuSlotState.Connected, TimeSpan.FromSeconds(2));
        Assert.Equal((resets + 2, 0), (_rig.Slots[0].Resets, _rig.Slots[0].Ejects));
    }

    [Fact]
    public void A_silent_monitor_holds_up_neither_accesses_nor_the_end_of_an_unplug()
    {
        _rig.Connect();
        var client = _rig.PlugIn();
        _rig.Qemu.Monitor.IsDeaf = true;
        var unplug = _rig.Unplug();
        _rig.RunFor(TimeSpan.FromSeconds(1));
        var began = _rig.Scheduler.Now;
        _rig.Read(client, client.ReadConfig(0, 4));
        Assert.True(_rig.Scheduler.Now - began < TimeSpan.FromMilliseconds(200));
        _rig.RunUntil(() => unplug.IsEnded, TimeSpan.FromSeconds(11));
        _rig.AssertAbsent(client);
    }
}
