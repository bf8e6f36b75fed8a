using System.Text.Json.Nodes;

namespace ExpEther.Qemu.Tests.Machines;

/// <summary>A guest does not leave its functions behind: a migration that begins while it has one is stopped, in words.</summary>
public sealed class MigrationTests : IDisposable
{
    private readonly MachineRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData("setup")]
    [InlineData("active")]
    [InlineData("pre-switchover")]
    public void A_migration_with_a_function_plugged_is_cancelled_and_told(string status)
    {
        _rig.Connect();
        _rig.PlugIn();
        Say(status);
        _rig.RunUntil(() => _rig.Qemu.Monitor.CountOf("migrate_cancel") == 1, TimeSpan.FromMilliseconds(50));
        _rig.RunFor(TimeSpan.FromMilliseconds(50));

        Assert.Contains("detach it, migrate, attach it at the other host", Assert.Single(_rig.Status().Troubles), StringComparison.Ordinal);
        Assert.Contains(_rig.Events.All, e => e.Text.Contains("a migration of the guest was stopped", StringComparison.Ordinal));
        Assert.Equal(QemuSlotState.Connected, _rig.Status().State);
        Assert.Empty(_rig.Status(2).Troubles);
    }

    [Theory]
    [InlineData("cancelling")]
    [InlineData("cancelled")]
    [InlineData("failed")]
    [InlineData("completed")]
    public void What_ends_is_not_cancelled(string status)
    {
        _rig.Connect();
        _rig.PlugIn();
        Say(status);
        _rig.RunFor(TimeSpan.FromMilliseconds(50));
        Assert.Equal(0, _rig.Qemu.Monitor.CountOf("migrate_cancel"));
    }

    [Fact]
    public void A_guest_without_a_function_migrates_as_it_likes()
    {
        _rig.Connect();
        Say("setup");
        Say("active");
        _rig.RunFor(TimeSpan.FromMilliseconds(50));
        Assert.Equal(0, _rig.Qemu.Monitor.CountOf("migrate_cancel"));
        Assert.True(_rig.Qemu.Monitor.CountOf("migrate-set-capabilities") == 1);
    }

    private void Say(string status)
    {
        _rig.Qemu.Monitor.SendEvent("MIGRATION", new JsonObject { ["status"] = status });
        _rig.RunFor(TimeSpan.FromMilliseconds(5));
    }
}
