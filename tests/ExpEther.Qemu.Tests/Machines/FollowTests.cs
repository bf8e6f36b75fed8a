using ExpEther.Qemu.Tests.Monitors;
using ExpEther.RootComplex.Guests;

namespace ExpEther.Qemu.Tests.Machines;

/// <summary>A guest that migrates lets go of its functions first, and their boxes hear that they follow it, for as long as that is so.</summary>
public sealed class FollowTests : IDisposable
{
    private static readonly Guid Guest = Guid.Parse("8a5b8a0e-2f0f-4d0c-9a41-0e3f5f6f7a01");

    private readonly MachineRig _rig = new(migration: MigrationMode.Follow);

    public FollowTests() => _rig.Qemu.Uuid = Guest;

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void The_first_migration_is_stopped_the_guest_lets_go_of_all_slots_and_the_boxes_hear_that_they_follow()
    {
        LetGo();

        Assert.All(_rig.Slots, slot => Assert.Equal([Guest], slot.Followed));
        Assert.Equal(1, _rig.Qemu.Monitor.CountOf("migrate_cancel"));
        Assert.Contains("start it again within 60 s", _rig.Status().Trouble, StringComparison.Ordinal);
        Assert.Empty(_rig.Qemu.Devices);
        Assert.Equal([0, 0], _rig.Slots.Select(slot => slot.Ejects));
        Assert.False(Said("not allowed while migrating"));
    }

    [Fact]
    public void The_second_migration_goes_on_the_boxes_hear_it_again_and_take_the_functions_at_once()
    {
        LetGo();
        _rig.Qemu.Migrate("setup");
        _rig.Qemu.Migrate("active");
        _rig.RunFor(TimeSpan.FromSeconds(200));
        Assert.Equal(1, _rig.Qemu.Monitor.CountOf("migrate_cancel"));
        Assert.InRange(_rig.Slots[0].Followed.Count, 15, 30);
        Assert.All(_rig.Slots[0].Followed, guest => Assert.Equal(Guest, guest));
        Assert.Contains("follows it", _rig.Status().Trouble, StringComparison.Ordinal);

        _rig.Qemu.Migrate("completed");
        _rig.RunFor(TimeSpan.FromMilliseconds(50));
        foreach (var slot in (int[])[1, 2])
        {
            var unplug = _rig.Unplug(slot: slot);
            _rig.RunUntil(() => unplug.IsEnded, TimeSpan.FromMilliseconds(50));
        }

        _rig.RunUntil(() => Said("all functions have followed it"), TimeSpan.FromSeconds(1));
        Assert.Equal((QemuSlotState.Absent, ""), (_rig.Status().State, _rig.Status().Trouble));
        Assert.DoesNotContain(Guid.Empty, _rig.Slots[0].Followed);
    }

    /// <summary>QEMU's last word on the migration that was stopped may come late: it is no second one.</summary>
    [Fact]
    public void The_end_of_the_migration_that_was_stopped_is_not_taken_for_another()
    {
        LetGo();
        _rig.Qemu.Migrate("cancelled");
        _rig.RunFor(TimeSpan.FromSeconds(1));

        Assert.Equal(QemuSlotState.LetGo, _rig.Status().State);
        Assert.Contains("start it again within", _rig.Status().Trouble, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_second_migration_the_guest_has_its_functions_again_and_the_boxes_hear_that_too()
    {
        LetGo();
        _rig.RunFor(TimeSpan.FromSeconds(58));
        Assert.Equal(QemuSlotState.LetGo, _rig.Status().State);
        IsBack(TimeSpan.FromSeconds(6));
        Assert.True(Said("no migration was started again in time"));
    }

    [Theory]
    [InlineData("failed")]
    [InlineData("cancelled")]
    public void After_a_second_migration_that_comes_to_nothing_the_guest_has_its_functions_again(string status)
    {
        LetGo();
        _rig.Qemu.Migrate("setup");
        _rig.RunFor(TimeSpan.FromSeconds(1));
        _rig.Qemu.Migrate(status);
        IsBack(TimeSpan.FromSeconds(3));
        Assert.True(Said($"the migration ended as {status}"));

        // And the next one begins as the first did.
        _rig.Qemu.Migrate("setup");
        _rig.RunUntil(() => _rig.Status().State == QemuSlotState.LetGo && _rig.Status(2).State == QemuSlotState.LetGo, TimeSpan.FromSeconds(3));
        Assert.Equal(2, _rig.Qemu.Monitor.CountOf("migrate_cancel"));
    }

    [Fact]
    public void A_guest_that_has_migrated_is_not_given_its_functions_again_and_one_that_runs_on_here_is()
    {
        LetGo();
        _rig.Qemu.Migrate("setup");
        _rig.Qemu.Migrate("completed");
        _rig.RunFor(TimeSpan.FromSeconds(100));
        Assert.Equal(QemuSlotState.LetGo, _rig.Status().State);
        Assert.Contains("has not followed it", _rig.Status().Trouble, StringComparison.Ordinal);
        Assert.Equal(Guid.Empty, _rig.Slots[0].Followed[^1]);

        _rig.Qemu.Monitor.SendEvent("RESUME");
        IsBack(TimeSpan.FromSeconds(3));
    }

    [Fact]
    public void A_QEMU_that_ends_after_the_migration_leaves_the_functions_to_follow_and_the_next_one_gets_what_is_still_there()
    {
        LetGo();
        _rig.Qemu.Migrate("setup");
        _rig.Qemu.Migrate("completed");
        _rig.Qemu.End();
        _rig.RunFor(TimeSpan.FromSeconds(30));
        Assert.Equal((QemuSlotState.LetGo, Guest), (_rig.Status().State, _rig.Slots[0].Followed[^1]));

        _rig.Connect();
        IsBack(TimeSpan.FromSeconds(3));
    }

    [Fact]
    public void A_QEMU_that_ended_and_does_not_come_again_is_waited_for_in_the_end()
    {
        LetGo();
        _rig.Qemu.Migrate("active");
        _rig.RunFor(TimeSpan.FromMilliseconds(50));
        _rig.Qemu.End();
        _rig.RunUntil(() => _rig.Status().State == QemuSlotState.WaitingForQemu, TimeSpan.FromSeconds(70));
        Assert.Equal(Guid.Empty, _rig.Slots[0].Followed[^1]);
    }

    [Fact]
    public void A_function_that_comes_while_the_guest_is_leaving_is_held_back_and_follows_too()
    {
        _rig.Connect();
        _rig.PlugIn();
        _rig.Qemu.Migrate("setup");
        _rig.RunUntil(() => _rig.Status().State == QemuSlotState.LetGo && _rig.Slots[0].Followed.Count > 0, TimeSpan.FromSeconds(3));
        var plug = _rig.Plug(slot: 2);
        _rig.RunUntil(() => plug.IsEnded && _rig.Slots[1].Followed.Count > 0, TimeSpan.FromSeconds(1));

        Assert.True(plug.Result);
        Assert.Equal(QemuSlotState.LetGo, _rig.Status(2).State);
        Assert.Equal(GuestShowing.Waiting, _rig.Slots[1].Told[^1].Showing);
        Assert.Empty(_rig.Qemu.Devices);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_guest_that_does_not_let_go_keeps_everything_and_that_is_told(bool answers)
    {
        _rig.Connect();
        _rig.PlugIn();
        _rig.Qemu.Manners = answers ? GuestManners.Refuses : GuestManners.NeverAnswers;
        _rig.Qemu.Migrate("setup");
        _rig.RunUntil(() => _rig.Status().Trouble.Contains("has not let go of what is in expether-port1", StringComparison.Ordinal), TimeSpan.FromSeconds(12));
        Assert.Equal(QemuSlotState.Connected, _rig.Status().State);
        Assert.DoesNotContain(Guest, _rig.Slots[0].Followed);
    }

    [Fact]
    public void A_guest_without_a_UUID_stays_with_its_functions()
    {
        _rig.Qemu.Uuid = Guid.Empty;
        _rig.Connect();
        _rig.PlugIn();
        _rig.Qemu.Migrate("setup");
        _rig.RunUntil(() => _rig.Status().Trouble.Contains("give QEMU -uuid", StringComparison.Ordinal), TimeSpan.FromSeconds(1));
        _rig.RunFor(TimeSpan.FromSeconds(1));
        Assert.Equal(QemuSlotState.Connected, _rig.Status().State);
        Assert.Empty(_rig.Slots[0].Followed);
        Assert.Empty(_rig.Heard);
    }

    [Fact]
    public void A_function_that_leaves_meanwhile_is_not_plugged_again()
    {
        LetGo();
        _rig.Slots[0].Empty();
        _rig.Machine.MarkGone(_rig.Slots[0].Slot);
        Assert.Equal(QemuSlotState.Absent, _rig.Status().State);
        var unplug = _rig.Unplug(isSurprise: true);
        _rig.RunUntil(() => unplug.IsEnded, TimeSpan.FromSeconds(1));
        _rig.RunUntil(() => _rig.Status(2).State == QemuSlotState.Connected, TimeSpan.FromSeconds(65));
        Assert.Equal(QemuSlotState.Absent, _rig.Status().State);
    }

    [Fact]
    public void A_guest_that_runs_here_is_named_a_few_times_and_one_that_comes_in_only_when_it_runs()
    {
        _rig.Qemu.RunState = "inmigrate";
        _rig.Connect();
        _rig.RunFor(TimeSpan.FromSeconds(5));
        Assert.DoesNotContain(Guest, _rig.Heard);

        _rig.Qemu.Monitor.SendEvent("RESUME");
        _rig.RunFor(TimeSpan.FromSeconds(100));
        Assert.Equal(QemuLimits.GuestHereTimesMax, _rig.Heard.Count(guest => guest == Guest));
        _rig.Qemu.Monitor.SendEvent("STOP");
        _rig.RunFor(TimeSpan.FromMilliseconds(10));
        _rig.Qemu.Monitor.SendEvent("RESUME");
        _rig.RunFor(TimeSpan.FromSeconds(5));
        _rig.Qemu.Monitor.SendEvent("STOP");
        _rig.RunFor(TimeSpan.FromSeconds(5));
        Assert.Equal(Guid.Empty, _rig.Heard[^1]);
    }

    [Fact]
    public void A_QEMU_that_runs_already_is_named_when_it_is_met()
    {
        _rig.Connect();
        _rig.RunUntil(() => _rig.Heard.Contains(Guest), TimeSpan.FromSeconds(1));
    }

    private void LetGo()
    {
        _rig.Connect();
        _rig.PlugIn();
        _rig.PlugIn(2);
        _rig.Qemu.Migrate("setup");
        _rig.RunUntil(() => _rig.Slots.All(slot => slot.Followed.Count > 0), TimeSpan.FromSeconds(3));
        Assert.Equal((QemuSlotState.LetGo, QemuSlotState.LetGo), (_rig.Status().State, _rig.Status(2).State));
    }

    private void IsBack(TimeSpan within)
    {
        _rig.RunUntil(() => _rig.Status().State == QemuSlotState.Connected && _rig.Status(2).State == QemuSlotState.Connected, within);
        Assert.All(_rig.Slots, slot => Assert.Equal(Guid.Empty, slot.Followed[^1]));
        Assert.Equal("", _rig.Status().Trouble);
    }

    private bool Said(string words) => _rig.Events.All.Any(e => e.Text.Contains(words, StringComparison.Ordinal));
}
