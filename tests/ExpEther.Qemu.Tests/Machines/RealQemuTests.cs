using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json.Nodes;
using ExpEther.Core.Scheduling;
using ExpEther.Linux.Time;
using ExpEther.Pcie;
using ExpEther.Qemu.Qmp;
using ExpEther.Qemu.Tests.Monitors;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Qemu.Tests.Machines;

/// <summary>
/// A real QEMU, whose guest never runs an instruction (-S): with native hot-plug a port without power lets its device go by itself, with ACPI's
/// nobody ever does.
/// </summary>
public sealed class RealQemuTests : IDisposable
{
    private const string Variable = "EXPETHER_LAB_QEMU";
    private const int GuestBytes = 64 << 20;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("expether-q-");
    private readonly OwnerScheduler _scheduler = new();
    private readonly EventList _events = new();
    private readonly QemuMachineOptions _options;
    private readonly RigSlot[] _slots;
    private readonly ConcurrentQueue<string> _words = new();
    private QemuMachine _machine;
    private Process? _qemu;
    private QmpClient? _other;

    public RealQemuTests()
    {
        _options = new QemuMachineOptions
        {
            Name = "web", QmpPath = Path.Combine(_folder.FullName, "qmp"), SocketFolder = _folder.FullName, Slots = 2, UnplugTimeout = TimeSpan.FromSeconds(2),
        };
        _scheduler.Advance(MonotonicClock.Now);
        _slots = [new RigSlot(1, _scheduler), new RigSlot(2, _scheduler)];
        _machine = new QemuMachine(_options, _scheduler, _events);
    }

    public void Dispose()
    {
        _machine.Dispose();
        Kill();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void Twenty_cycles_in_two_slots_and_it_lives()
    {
        Start(isNative: true);
        for (var i = 0; i < 20; i++)
        {
            Assert.False(_qemu!.HasExited, What());
            PlugIn(1);
            PlugIn(2);
            var memory = _machine.MemoryOf(1);
            Assert.True(memory.TryGetSpan(new HostAddress(0x10_0000), 4096, DmaRights.Read | DmaRights.Write, out _), What());
            Assert.False(memory.TryGetSpan(new HostAddress(GuestBytes), 4096, DmaRights.Read, out _));
            _machine.RaiseInterrupt(_slots[0].Slot, new HostAddress(0xFEE0_0000), 0x41);
            Unplug(1);
            _slots[1].Empty();
            _machine.MarkGone(_slots[1].Slot);
            Unplug(2, isSurprise: true);
            _slots[1].Fill();
        }

        Assert.False(_qemu!.HasExited);
        Assert.Equal((QemuSlotState.Absent, ""), (State(), _machine.Status().Slots[0].Trouble));
        Assert.Equal(0, _machine.QmpCounters.Violations);
    }

    [Fact]
    public void A_client_beside_it_that_is_another_process_has_its_interrupts_by_events_and_is_not_removed_by_its_monitor()
    {
        Start(isNative: true);
        PlugIn(1);
        Assert.Equal(InterruptMode.Message, _machine.Status().Slots[0].Interrupts);

        using var client = VfioUserClient.Realize(_options.SocketOf(2))!;
        // It waits for the function from now on, which QEMU would be given otherwise.
        RunUntil(() => HasSaidVersion(client), "the client was not taken");
        var plug = new Sequence<bool>();
        _scheduler.Start(async () => plug.End(await _machine.PlugAsync(_slots[1].Slot)));
        RunUntil(() => HasAll(client) && plug.IsEnded, "the client was not served");
        Assert.True(plug.Result);
        var slot = _machine.Status().Slots[1];
        Assert.Equal((InterruptMode.EventFd, "not the QEMU of the monitor"), (slot.Interrupts, slot.InterruptsReason));
        Assert.True(client.MsixCount > 0);
        Assert.Equal("expether-slot1", _machine.Status().Slots[0].Device);
    }

    [Fact]
    public void It_is_killed_and_started_again_and_has_its_function_back()
    {
        Start(isNative: true);
        PlugIn(1);
        Kill();
        RunUntil(() => State() == QemuSlotState.WaitingForQemu, "QEMU's end was not seen");
        var resets = _slots[0].Resets;
        Start(isNative: true);
        RunUntil(() => State() == QemuSlotState.Connected, "the function did not come back");
        Assert.Equal(resets + 2, _slots[0].Resets);
    }

    [Fact]
    public void We_start_again_and_it_has_its_function_back()
    {
        Start(isNative: true);
        PlugIn(1);
        _machine.Dispose();
        _machine = new QemuMachine(_options, _scheduler, _events);
        PlugIn(1);
        RunUntil(() => State() == QemuSlotState.Connected, "the function did not come back");
        Assert.Equal("expether-slot1", _machine.Status().Slots[0].Device);
    }

    private static bool HasSaidVersion(VfioUserClient client)
    {
        client.Poll();
        return client.HasReply(1);
    }

    private static bool HasAll(VfioUserClient client)
    {
        client.Poll();
        return client.IsRealized;
    }

    [Theory]
    [InlineData("expether-slot2")]
    [InlineData(null)]
    public void A_device_of_its_command_line_waits_for_its_function_and_is_found_whatever_its_id(string? id)
    {
        var device = new JsonObject
        {
            ["driver"] = "vfio-user-pci", ["bus"] = "expether-port2", ["socket"] = new JsonObject { ["type"] = "unix", ["path"] = _options.SocketOf(2) },
        };
        if (id is not null)
        {
            device["id"] = id;
        }

        var plug = new Sequence<bool>();
        Start(isNative: true, "-device", device.ToJsonString());
        _scheduler.Start(async () => plug.End(await _machine.PlugAsync(_slots[1].Slot)));
        RunUntil(() => _machine.Status() is { Qemu: not null } status && status.Slots[1].Device is not null, "QEMU did not start");
        Assert.Equal(QemuSlotState.Connected, _machine.Status().Slots[1].State);

        // It came before its monitor said anything, and would abort at device_del if it managed MSI-X.
        Assert.Equal((InterruptMode.Message, "a QEMU that starts"), (_machine.Status().Slots[1].Interrupts, _machine.Status().Slots[1].InterruptsReason));

        // Its port has had power from the start, so it is the guest's to answer, which this one never does.
        Unplug(2);
        Assert.Equal(QemuSlotState.Quarantined, _machine.Status().Slots[1].State);
        Assert.Contains("let go", _machine.Status().Slots[1].Trouble, StringComparison.Ordinal);
        Assert.False(_qemu!.HasExited);
    }

    [Fact]
    public void A_guest_that_never_answers_loses_the_function_and_keeps_the_slot_until_it_is_gone()
    {
        Start(isNative: false);
        PlugIn(1);
        Unplug(1);
        Assert.Equal(QemuSlotState.Quarantined, State());
        Assert.False(_qemu!.HasExited);
        Kill();
        RunUntil(() => State() == QemuSlotState.Absent, "QEMU's end was not seen");
    }

    [Fact]
    public void It_lives_through_a_reset_and_new_memory_with_a_device_that_was_taken_by_force()
    {
        using var monitor = new LoneMonitor(Path.Combine(_folder.FullName, "second"));
        Start(isNative: false, "-m", "slots=2,maxmem=512M", "-qmp", $"unix:{monitor.Path},server=on,wait=off");
        RunUntil(() => _machine.Status().Qemu is not null, "QEMU did not start");
        PlugIn(1);
        PlugIn(2);
        Unplug(1);
        Assert.Equal(QemuSlotState.Quarantined, State());

        // Each maps memory for every vfio device that QEMU has; a map that fails ends it. The reset also ejects what it was asked to delete.
        Ask(monitor, "object-add", """{"qom-type":"memory-backend-memfd","id":"more","size":67108864,"share":true}""");
        Ask(monitor, "device_add", """{"driver":"pc-dimm","id":"dimm1","memdev":"more"}""");
        Assert.Contains("67108864", Ask(monitor, "query-memory-devices", "{}"), StringComparison.Ordinal);
        Ask(monitor, "system_reset", "{}");
        RunUntil(() => State() == QemuSlotState.Absent, "QEMU did not eject the device in its reset");
        Assert.Equal(QemuSlotState.Connected, _machine.Status().Slots[1].State);
        Ask(monitor, "query-status", "{}");
        Assert.False(_qemu!.HasExited, What());
    }

    [Fact]
    public void A_port_that_it_does_not_have_is_named()
    {
        Start(isNative: true);
        _machine.Dispose();
        _machine = new QemuMachine(_options with { Ports = ["rp7", "rp8"] }, _scheduler, _events);
        RunUntil(() => _machine.Status().Qemu is not null, "the monitor was not reached");
        var plug = new Sequence<bool>();
        _scheduler.Start(async () => plug.End(await _machine.PlugAsync(_slots[0].Slot)));
        RunUntil(() => plug.IsEnded, "the plug did not end");
        Assert.False(plug.Result);
        Assert.Contains("Bus 'rp7' not found", _machine.Status().Slots[0].Trouble, StringComparison.Ordinal);
    }

    [Fact]
    public void A_migration_is_stopped_while_a_function_is_plugged_and_goes_on_without_one()
    {
        var path = Path.Combine(_folder.FullName, "other");
        Start(isNative: true, "-qmp", $"unix:{path},server=on,wait=off");
        using var other = new QmpClient(new QmpClientOptions { Name = "other", Path = path }, _scheduler, new NoListener(), _events);
        _other = other;
        RunUntil(() => _machine.Status().Qemu is not null && other.IsReady, "QEMU did not start");
        PlugIn(1);

        // So slow that it cannot end before it is stopped, however late that is.
        Assert.Equal("cancelled", Migrate(other, bytesPerSecond: 10_000));
        Assert.Contains("a migration of the guest was stopped", _machine.Status().Slots[0].Trouble, StringComparison.Ordinal);
        Assert.Equal(QemuSlotState.Connected, State());

        Unplug(1);
        Assert.Equal("completed", Migrate(other, bytesPerSecond: 1 << 30));
        _other = null;
    }

    [Fact]
    public void A_guest_lets_go_of_its_function_to_migrate_and_the_second_migration_completes()
    {
        var guest = Guid.Parse("8a5b8a0e-2f0f-4d0c-9a41-0e3f5f6f7a01");
        _machine.Dispose();
        _machine = new QemuMachine(_options with { Migration = MigrationMode.Follow }, _scheduler, _events);
        var path = Path.Combine(_folder.FullName, "other");
        Start(isNative: true, "-uuid", guest.ToString(), "-qmp", $"unix:{path},server=on,wait=off");
        using var other = new QmpClient(new QmpClientOptions { Name = "other", Path = path }, _scheduler, new NoListener(), _events);
        _other = other;
        RunUntil(() => _machine.Status().Qemu is not null && other.IsReady, "QEMU did not start");
        PlugIn(1);

        Assert.Equal("cancelled", Migrate(other, bytesPerSecond: 10_000));
        RunUntil(() => _slots[0].Followed.Count > 0, "the guest did not let go");
        Assert.Equal((QemuSlotState.LetGo, guest), (State(), _slots[0].Followed[0]));

        // One that is cancelled by another monitor gives the guest its function back.
        Assert.Equal("cancelled", Migrate(other, bytesPerSecond: 10_000, isCancelled: true));
        RunUntil(() => State() == QemuSlotState.Connected, "the function was not plugged again");
        Assert.Equal(Guid.Empty, _slots[0].Followed[^1]);

        Assert.Equal("cancelled", Migrate(other, bytesPerSecond: 10_000));
        RunUntil(() => _slots[0].Followed[^1] == guest, "the guest did not let go again");
        Assert.Equal("completed", Migrate(other, bytesPerSecond: 1 << 30));
        RunUntil(() => _machine.Status().Slots[0].Trouble.Contains("has migrated", StringComparison.Ordinal), "the end of the migration was not seen");
        Unplug(1);
        Assert.Equal((QemuSlotState.Absent, false), (State(), _qemu!.HasExited));
        _other = null;
    }

    private string Migrate(QmpClient monitor, long bytesPerSecond, bool isCancelled = false)
    {
        var ended = new Sequence<bool>();
        var status = "";
        _scheduler.Start(async () =>
        {
            await monitor.ExecuteAsync("migrate-set-parameters", a => a.WriteNumber("max-bandwidth", bytesPerSecond), TimeSpan.FromSeconds(30));
            await monitor.ExecuteAsync("migrate", a => a.WriteString("uri", $"file:{_folder.FullName}/state"), TimeSpan.FromSeconds(30));
            if (isCancelled)
            {
                await monitor.ExecuteAsync("migrate_cancel", null, TimeSpan.FromSeconds(30));
            }

            do
            {
                await _scheduler.Delay(TimeSpan.FromMilliseconds(20));
                var reply = await monitor.ExecuteAsync("query-migrate", null, TimeSpan.FromSeconds(30));
                status = reply.IsDone && reply.Value.TryGetText("status", out var text) ? text : reply.Text;
            }
            while (status is "setup" or "active" or "device" or "cancelling");
            ended.End(true);
        });
        RunUntil(() => ended.IsEnded, "the migration did not end");
        return status;
    }

    /// <summary>What was reported, and what QEMU said.</summary>
    private string What() => string.Join(
        '\n', _events.All.Select(e => e.ToString()).Concat(_words).Append(_qemu is { HasExited: true } q ? $"it exited with {q.ExitCode}" : ""));

    /// <summary>Has QEMU run a command that succeeds.</summary>
    private string Ask(LoneMonitor monitor, string command, string arguments)
    {
        string? answer = null;
        monitor.Send(command, arguments);
        RunUntil(() => (answer = monitor.TakeAnswer()) is not null, $"QEMU did not answer {command}");
        Assert.Contains("\"return\"", answer, StringComparison.Ordinal);
        return answer!;
    }

    private QemuSlotState State() => _machine.Status().Slots[0].State;

    private void PlugIn(int slot)
    {
        var plug = new Sequence<bool>();
        _scheduler.Start(async () => plug.End(await _machine.PlugAsync(_slots[slot - 1].Slot)));
        RunUntil(() => plug.IsEnded, "the plug did not end");
        Assert.True(plug.Result, What());
    }

    private void Unplug(int slot, bool isSurprise = false)
    {
        var unplug = new Sequence<bool>();
        _scheduler.Start(async () =>
        {
            await _machine.UnplugAsync(_slots[slot - 1].Slot, isSurprise);
            unplug.End(true);
        });
        RunUntil(() => unplug.IsEnded, "the unplug did not end");
    }

    private void Start(bool isNative, params string[] more)
    {
        var binary = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipWhen(string.IsNullOrEmpty(binary), $"{Variable} names no QEMU of 10.1 or newer");
        string[] native = isNative ? ["-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"] : [];
        var start = new ProcessStartInfo(
            binary,
            [
                "-nodefaults", "-no-user-config", "-display", "none", "-S", "-machine", "q35,accel=tcg,memory-backend=mem", "-m", "64M",
                "-object", "memory-backend-memfd,id=mem,size=64M,share=on", .. native,
                "-chardev", $"socket,id=expether,path={_options.QmpPath},server=on,wait=off", "-mon", "chardev=expether,mode=control",
                "-device", "pcie-root-port,id=rp,bus=pcie.0,chassis=1,slot=1", "-device", "x3130-upstream,id=up,bus=rp",
                "-device", "xio3130-downstream,id=expether-port1,bus=up,chassis=2,slot=1",
                "-device", "xio3130-downstream,id=expether-port2,bus=up,chassis=2,slot=2", .. more,
            ])
        {
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        _qemu = Process.Start(start)!;
        _qemu.ErrorDataReceived += (_, e) => _words.Enqueue(e.Data ?? "");
        _qemu.BeginErrorReadLine();
        if (more.Length == 0)
        {
            RunUntil(() => _machine.Status().Qemu is not null, "QEMU did not start");
        }
    }

    private void Kill()
    {
        // The whole of it, should the name be a script's.
        _qemu?.Kill(entireProcessTree: true);
        _qemu?.WaitForExit();
        _qemu?.Dispose();
        _qemu = null;
    }

    private void RunUntil(Func<bool> condition, string otherwise)
    {
        var end = MonotonicClock.Now + TimeSpan.FromSeconds(60);
        while (!condition())
        {
            Assert.True(MonotonicClock.Now < end, $"{otherwise}\n{What()}");
            _scheduler.Advance(MonotonicClock.Now);
            _machine.Poll(_scheduler.Now);
            _other?.Poll(_scheduler.Now);
            foreach (var slot in _slots)
            {
                slot.Pump(_machine, _scheduler.Now);
            }

            _scheduler.RunReady();
        }
    }
}
