using System.Globalization;
using ExpEther.Cli.Guests;
using ExpEther.Lab.Tests.Lab;

namespace ExpEther.Lab.Tests.Machines;

/// <summary>One host daemon for all guests of a machine: a <c>[[host]]</c> for each.</summary>
public sealed class OneDaemonTests
{
    private const string Disk = "/dev/nvme0n1";

    /// <summary>Writes and verifies by fio until /run/go is gone; a line in /run/rounds for each time, and at the end the exit code in /run/code.</summary>
    private const string Work = $$"""
        mkfs.ext4 -q -F {{Disk}} && mount {{Disk}} /mnt && touch /run/go /run/rounds && cat >/run/work <<'END'
        while [ -e /run/go ]; do
            fio --name=work --directory=/mnt --rw=randwrite --bs=4k --size=1M --direct=1 --verify=crc32c --do_verify=1 --verify_fatal=1 \
                >/run/fio 2>&1 || { echo fio >/run/code; exit; }
            echo >>/run/rounds
        done
        umount /mnt && fsck.ext4 -f -n {{Disk}}
        echo $? >/run/code
        END
        sh /run/work >/run/said 2>&1 &
        """;

    private const string Data = $"dd if={Disk} bs=64k count=8 iflag=direct 2>/dev/null | sha256sum";

    [Fact]
    public async Task Two_guests_of_one_daemon_share_a_device_and_one_is_unplugged_and_plugged_while_the_other_works()
    {
        await using var lab = await HandMadeLab.StartAsync(
            _ => Task.FromResult("[[device]]\nname = \"disk1\"\nvfs = 2\n[device.pool]\nramMiB = 160"), ["vm1", "vm2"]);
        var (booting, other) = (lab.BootAsync(lab.OptionsOf("vm1")), lab.BootAsync(lab.OptionsOf("vm2")));
        var (first, second) = (await booting, await other);
        foreach (var (function, vm) in new[] { ("disk1.vf1", first), ("disk1.vf2", second) })
        {
            await lab.NamespaceAsync(vm.Name, "64MiB");
            await lab.AttachAsync(function, vm.Name);
            await lab.DiskAsync(vm, Disk);
        }

        await lab.InAsync(first, Work);
        var written = await lab.InAsync(
            second, $"dd if=/dev/urandom of=/run/data bs=64k count=8 2>/dev/null; dd if=/run/data of={Disk} bs=64k oflag=direct 2>/dev/null; "
                + "sha256sum </run/data");
        var before = await RoundsAsync(lab, first, 1);

        await lab.DetachAsync("disk1.vf2");
        await lab.DiskAsync(second, Disk, isThere: false);
        var without = await RoundsAsync(lab, first, before + 1);
        await lab.AttachAsync("disk1.vf2", "vm2");
        await lab.DiskAsync(second, Disk);
        await RoundsAsync(lab, first, without + 1);

        Assert.Equal(written, await lab.InAsync(second, Data));
        await lab.InAsync(first, "rm /run/go; n=0; until [ -s /run/code ]; do usleep 20000; n=$((n + 1)); [ $n -lt 3000 ] || exit 1; done");
        Assert.True(
            await lab.InAsync(first, "cat /run/code") == "0\n", await lab.InAsync(first, "cat /run/fio /run/said; dmesg | tail -n 20"));
        Assert.DoesNotContain("nvme nvme0: I/O", await lab.InAsync(first, "dmesg"), StringComparison.Ordinal);
    }

    /// <summary>Waits until the work in a guest has made at least so many rounds.</summary>
    /// <returns>How many.</returns>
    private static async Task<int> RoundsAsync(HandMadeLab lab, Guest guest, int least) => int.Parse(
        await lab.InAsync(
            guest, $"n=0; until [ $(wc -l </run/rounds) -ge {least} ]; do usleep 20000; n=$((n + 1)); [ $n -lt 3000 ] || exit 1; done; wc -l </run/rounds"),
        CultureInfo.InvariantCulture);
}
