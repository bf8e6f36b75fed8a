using System.Text.Json.Nodes;
using ExpEther.Cli.Guests;
using ExpEther.Cli.Output;
using ExpEther.Lab.Tests.Lab;

namespace ExpEther.Lab.Tests.Machines;

/// <summary>A guest migrates from one host bridge to another and takes its disk along.</summary>
public sealed class MigrationTests
{
    private const string Uuid = "8a5b8a0e-2f0f-4d0c-9a41-0e3f5f6f7a01";
    private const string Disk = "/dev/nvme0n1";
    private const string Function = "disk1.vf1";

    /// <summary>The disk of so many sectors, as soon as there is one.</summary>
    private const string Find = "n=0; until grep -lx {0} /sys/block/nvme*/size 2>/dev/null; do usleep 20000; n=$((n + 1)); [ $n -lt 3000 ] || exit 1; done";

    [Fact]
    public async Task The_first_migration_frees_the_guest_of_its_disk_and_with_the_second_the_disk_follows_with_its_data()
    {
        await using var lab = await HandMadeLab.StartAsync(
            _ => Task.FromResult("[[device]]\nname = \"disk1\"\nvfs = 2\n[device.pool]\nramMiB = 128"), ["vm1", "vm2"], "migration = \"follow\"\n");
        var guest = await lab.BootAsync(OptionsOf(lab, "vm1"));
        await lab.NamespaceAsync("vm1", "64MiB");
        await lab.AttachAsync(Function, "vm1");
        await lab.DiskAsync(guest, Disk);
        var written = await lab.InAsync(
            guest,
            $"dd if=/dev/urandom of=/run/data bs=64k count=8 2>/dev/null; dd if=/run/data of={Disk} bs=64k oflag=direct 2>/dev/null; sha256sum </run/data");
        using var source = await GuestQmp.ConnectAsync(guest.Options.LabMonitorSocket);

        // So slow that it cannot end before it is stopped, however late that is. QEMU at the other end ends with it.
        var refused = await IncomingAsync(lab);
        Assert.Equal("cancelled", await MigrateAsync(lab, source, bytesPerSecond: 100_000));
        await refused.Process.EndedAsync(TestContext.Current.CancellationToken).WaitAsync(LabTestLimits.ConditionTime, TestContext.Current.CancellationToken);
        var host = await lab.UntilAsync("vm1 to have let go", lab.Host, host => StateOf(host, "vm1") == "letGo");
        Assert.Contains("start it again within", HandMadeLab.SlotOf(host, "vm1")["guest"]!.ToJsonString(), StringComparison.Ordinal);
        await lab.UntilAsync("the mark", lab.Io, box => FunctionOf(box).Cell("followsGuest") == Uuid && FunctionOf(box).Cell("owner") == "vm1");
        await lab.InAsync(guest, $"[ ! -e {Disk} ]");

        // A function that the other host has already waits there until the guest runs, and does not get lost in the state that comes in.
        var arrived = await IncomingAsync(lab);
        await lab.NamespaceAsync("vm2", "16MiB");
        await lab.JsonAsync("attach", "disk1.vf2", "vm2", "--slot", "2", "--socket", lab.Io);
        Assert.Equal("completed", await MigrateAsync(lab, source, bytesPerSecond: 1 << 30));
        await lab.UntilAsync("the function to be vm2's", lab.Io, box => FunctionOf(box).Cell("owner") == "vm2" && FunctionOf(box).Cell("busy") == "-");
        await lab.UntilAsync("vm2 to have it", lab.Host, host => StateOf(host, "vm2") == "connected" && StateOf(host, "vm1") == "absent");
        await FindAsync(lab, arrived, mebibytes: 16);
        var disk = await FindAsync(lab, arrived, mebibytes: 64);
        Assert.Equal(written, await lab.InAsync(arrived, $"dd if={disk} bs=64k count=8 iflag=direct 2>/dev/null | sha256sum"));
        Assert.Equal(written, await lab.InAsync(arrived, "sha256sum </run/data"));
    }

    private static string Transfer(HandMadeLab lab) => $"unix:{lab.Folder.File("transfer")}";

    private static GuestOptions OptionsOf(HandMadeLab lab, string name, params string[] more) =>
        lab.OptionsOf(name) with { More = ["-uuid", Uuid, .. more] };

    /// <summary>Starts the QEMU at the other end, and waits until it listens.</summary>
    private static async Task<Guest> IncomingAsync(HandMadeLab lab)
    {
        var guest = await lab.StartAsync(OptionsOf(lab, "vm2", "-incoming", Transfer(lab)));
        await lab.UntilAsync("vm2's QEMU", lab.Host, host => host.Objects("hosts").Single(h => h.Cell("name") == "vm2")["qemu"]?["version"] is not null);
        return guest;
    }

    /// <returns>How it ended.</returns>
    private static async Task<string> MigrateAsync(HandMadeLab lab, GuestQmp monitor, long bytesPerSecond)
    {
        await monitor.CallAsync("migrate-set-parameters", new JsonObject { ["max-bandwidth"] = bytesPerSecond });
        await monitor.CallAsync("migrate", new JsonObject { ["uri"] = Transfer(lab) });
        using var rhythm = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (await rhythm.WaitForNextTickAsync(TestContext.Current.CancellationToken))
        {
            if ((await monitor.CallAsync("query-migrate"))!["status"]?.GetValue<string>() is { } status and ("completed" or "cancelled" or "failed"))
            {
                return status;
            }
        }

        return "";
    }

    /// <summary>Waits for a disk of that size.</summary>
    /// <returns>Its path.</returns>
    private static async Task<string> FindAsync(HandMadeLab lab, Guest guest, int mebibytes)
    {
        var size = await lab.InAsync(guest, Find.Replace("{0}", $"{mebibytes * 2048}", StringComparison.Ordinal));
        return $"/dev/{Path.GetFileName(Path.GetDirectoryName(size.Trim()))}";
    }

    private static string StateOf(JsonObject host, string name) => HandMadeLab.SlotOf(host, name)["guest"]!.AsObject().Cell("state");

    private static JsonObject FunctionOf(JsonObject box) => box.Objects("functions").Single(f => f.Cell("name") == Function);
}
