using System.Globalization;
using ExpEther.Lab.Tests.Lab;

namespace ExpEther.Lab.Tests.Faults;

/// <summary>The I/O box is killed and started again under a mounted file system: a pause, no error, no other name.</summary>
public sealed class BoxRestartTests
{
    /// <summary>How often; by default seldom, since a guest is emulated.</summary>
    private static int Restarts => int.TryParse(
        Environment.GetEnvironmentVariable("EXPETHER_LAB_BOX_RESTARTS"), NumberStyles.None, CultureInfo.InvariantCulture, out var times) ? times : 2;

    [Fact]
    public async Task A_box_that_is_killed_and_started_again_costs_a_mounted_file_system_a_pause()
    {
        await using var lab = await GuestLab.UpAsync(1);
        await lab.InAsync("guest1", "mkdir -p /mnt; mkfs.ext4 -qF /dev/nvme0n1 && mount /dev/nvme0n1 /mnt");
        var work = new VerifiedWork(lab, "guest1");
        await work.StartAsync("/mnt/verified", "0");
        for (var i = 0; i < Restarts; i++)
        {
            var started = DateTime.UtcNow;
            await lab.FaultAsync("io", "--kill", "io");
            await lab.FaultAsync("io", "--restart");
            await lab.UntilAsync("guest1's function to be back", lab.HostOf("guest1"), HostState.IsConnected);
            await work.RoundAsync();
            TestContext.Current.SendDiagnosticMessage($"restart {i + 1}: working again after {(DateTime.UtcNow - started).TotalSeconds:0.0} s");
        }

        Assert.Equal("", await lab.InAsync("guest1", "dmesg | grep -iE 'I/O error|EXT4-fs error|JBD2|Remov|not ready|timeout' || true"));
        Assert.Equal("nvme0n1", (await lab.InAsync("guest1", "ls /sys/block | grep nvme")).Trim());
        await work.EndAsync();
        await lab.InAsync("guest1", "umount /mnt && fsck.ext4 -fn /dev/nvme0n1 >/dev/null 2>&1");
    }

    /// <summary>
    /// The worst moment for a kill: a command of a bring-up has no answer. Linux waits for its admin timeout, 60 s; then, as it is in the bring-up, it either
    /// begins again or gives the controller up. Even then the function is taken and given again, and no machine starts anew.
    /// </summary>
    [Theory]
    [InlineData("echo 1 > /sys/class/nvme/nvme0/reset_controller")]
    [InlineData("cd /sys/bus/pci/drivers/nvme; d=$(ls -d 0000:*); echo $d > unbind; echo $d > bind")]
    public async Task A_box_that_is_killed_while_its_guest_resets_and_probes_costs_at_most_a_new_attachment(string work)
    {
        const string IsLive = "[ \"$(cat /sys/class/nvme/nvme*/state)\" = live ]";
        await using var lab = await GuestLab.UpAsync(1);
        await lab.InAsync("guest1", $"(until [ -e /run/stop ]; do {work}; done; touch /run/ended) >/dev/null 2>&1 & echo");
        await lab.FaultAsync("io", "--kill", "io");
        await lab.FaultAsync("io", "--restart");
        await lab.UntilAsync("guest1's function to be back", lab.HostOf("guest1"), HostState.IsConnected);
        await lab.InAsync("guest1", "touch /run/stop");
        await lab.UntilInAsync("guest1", "[ -e /run/ended ]");
        if ((await lab.TryInAsync("guest1", IsLive)).Code != 0)
        {
            var function = lab.FunctionOf("guest1");
            await lab.DetachAsync(function);
            await lab.AttachAsync(function, "guest1");
        }

        await lab.UntilInAsync("guest1", $"{IsLive} && dd if=$(ls /dev/nvme?n1) of=/dev/null bs=4k count=1");
    }
}
