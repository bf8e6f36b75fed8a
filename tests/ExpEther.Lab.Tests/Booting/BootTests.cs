using System.Diagnostics;
using ExpEther.Cli.Guests;
using ExpEther.Cli.Tests.Lab;
using ExpEther.Cli.Wiring;
using ExpEther.Lab.Tests.Lab;

namespace ExpEther.Lab.Tests.Booting;

/// <summary>
/// Guests that boot from the disk that a virtual function gives them (docs/guests.md, "Boot from a remote disk"); the image is lab/make-boot-image's.
/// </summary>
public sealed class BootTests
{
    /// <summary>What the root file system is on, by its device's number: its name in /proc/mounts may be <c>/dev/root</c>.</summary>
    private const string Root = "basename $(readlink -f /sys/dev/block/$(awk '$5 == \"/\" { print $3 }' /proc/self/mountinfo | tail -n 1))";

    private static readonly TimeSpan WithoutCable = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Firmware_and_a_kernel_given_by_hand_both_boot_from_a_virtual_function_and_outlast_a_pulled_cable()
    {
        await using var lab = await HandMadeLab.StartAsync(DeviceAsync, ["vm1"]);
        await lab.AttachAsync("disk1.vf1", "vm1");

        // No -kernel: SeaBIOS reads GRUB from the disk, GRUB the kernel, and the kernel its root file system.
        var firmware = await lab.BootAsync(lab.OptionsOf("vm1") with { HasKernel = false, More = Device(lab) });
        Assert.Equal("nvme0n1p1\n", await lab.InAsync(firmware, Root));
        Assert.Equal("boot\n", await lab.InAsync(firmware, "hostname")); // as GRUB's configuration on that disk says
        await lab.InAsync(firmware, "echo firmware > /root/was-here && sync");
        firmware.Dispose();

        // The same disk as root of a kernel that QEMU is given; what the other wrote is there.
        var kernel = await lab.BootAsync(lab.OptionsOf("vm1") with { Root = "/dev/nvme0n1p1", More = Device(lab) });
        Assert.Equal("nvme0n1p1\n", await lab.InAsync(kernel, Root));
        Assert.Equal("vm1\n", await lab.InAsync(kernel, "hostname"));
        Assert.Equal("firmware\n", await lab.InAsync(kernel, "cat /root/was-here"));

        // And ten seconds without a cable are a pause for everything that runs from it.
        var work = new VerifiedWork(command => lab.TryInAsync(kernel, command));
        await work.StartAsync("/root/work", "0");
        await lab.FaultAsync("--cut");
        await Task.Delay(WithoutCable, TestContext.Current.CancellationToken);
        await lab.FaultAsync("--heal");
        await work.EndCleanAsync();
    }

    private static string[] Device(HandMadeLab lab) =>
    [
        "-device",
        $$"""{"driver":"vfio-user-pci","id":"expether-slot1","bus":"{{GuestCommandLine.PortOf(1)}}","bootindex":1,"socket":"""
        + $$"""{"type":"unix","path":"{{Path.Combine(lab.OptionsOf("vm1").SlotFolder, "slot1.sock")}}"} }""",
    ];

    private static async Task<string> DeviceAsync(LabFolder folder)
    {
        var clone = OwnProgram.Clone ?? throw new InvalidOperationException("not in a clone");
        using var make = Process.Start(
            new ProcessStartInfo(Path.Combine(clone, "lab", "make-boot-image"), [folder.File("boot.img"), "256M"]) { RedirectStandardError = true })!;
        var said = await make.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(make.ExitCode == 0, said);
        return "[[device]]\nname = \"disk1\"\nvfs = 2\n[[device.namespace]]\nfile = \"boot.img\"\nwritable = true";
    }
}
