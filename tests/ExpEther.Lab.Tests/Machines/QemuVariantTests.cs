using ExpEther.Lab.Tests.Lab;

namespace ExpEther.Lab.Tests.Machines;

/// <summary>The other ways that data and interrupts take, where a user's QEMU or its command line is not as <c>lab up</c> makes it.</summary>
public sealed class QemuVariantTests
{
    private const string Device = "[[device]]\nname = \"disk1\"\nvfs = 2\n[device.pool]\nramMiB = 64";

    /// <summary>A file system with files of known checksums, which are read anew from the disk.</summary>
    private const string Work = """
        set -e
        mkfs.ext4 -q -F /dev/nvme0n1
        mount /dev/nvme0n1 /mnt
        dd if=/dev/urandom of=/mnt/data bs=64k count=32 2>/dev/null
        sha256sum /mnt/data > /run/sum
        umount /mnt
        mount /dev/nvme0n1 /mnt
        sha256sum -c /run/sum
        umount /mnt
        fsck.ext4 -f -n /dev/nvme0n1
        """;

    [Fact]
    public async Task Memory_that_is_not_shared_works_by_messages()
    {
        await using var lab = await HandMadeLab.StartAsync(_ => Task.FromResult(Device), ["vm1"]);
        var vm = await lab.BootAsync(lab.OptionsOf("vm1") with
        {
            // The later -machine says what counts; memory of this kind has no descriptor that could be passed on.
            More = ["-object", "memory-backend-ram,id=private,size=256M", "-machine", "memory-backend=private"],
        });
        await lab.NamespaceAsync("vm1", "32MiB");
        await lab.AttachAsync("disk1.vf1", "vm1");
        await lab.DiskAsync(vm, "/dev/nvme0n1");

        Assert.Contains("/mnt/data: OK", await lab.InAsync(vm, Work), StringComparison.Ordinal);

        // By messages, really: 2 MiB went both ways, and QEMU was asked for all of it.
        var stats = await lab.JsonAsync("stats", "--socket", lab.Host);
        var server = stats["hosts"]![0]!["qemu"]!["slots"]![0]!["server"]!;
        Assert.True(server["memoryMessages"]!.GetValue<long>() > 1000, server.ToJsonString());
    }

    /// <summary>A graphics card's memory is no memory for DMA, and a vIOMMU maps it page by page: neither is trouble.</summary>
    [Theory]
    [InlineData("VGA")]
    [InlineData("intel-iommu,intremap=on,caching-mode=on")]
    public async Task A_usual_device_beside_the_function_raises_no_trouble(string device)
    {
        await using var lab = await HandMadeLab.StartAsync(_ => Task.FromResult(Device), ["vm1"]);
        var vm = await lab.BootAsync(lab.OptionsOf("vm1") with { More = ["-device", device] });
        await lab.NamespaceAsync("vm1", "32MiB");
        await lab.AttachAsync("disk1.vf1", "vm1");
        await lab.DiskAsync(vm, "/dev/nvme0n1");

        Assert.Contains("/mnt/data: OK", await lab.InAsync(vm, Work), StringComparison.Ordinal);
        var slot = HandMadeLab.SlotOf(await lab.JsonAsync("ls", "--socket", lab.Host), "vm1")["guest"]!;
        Assert.Equal(("connected", "[]"), (slot["state"]!.GetValue<string>(), slot["troubles"]!.ToJsonString()));
    }

    [Fact]
    public async Task Interrupts_by_eventfd_work()
    {
        await using var lab = await HandMadeLab.StartAsync(_ => Task.FromResult(Device), ["vm1"], "interrupts = \"eventfd\"");
        var vm = await lab.BootAsync(lab.OptionsOf("vm1"));
        await lab.NamespaceAsync("vm1", "32MiB");
        await lab.AttachAsync("disk1.vf1", "vm1");
        await lab.DiskAsync(vm, "/dev/nvme0n1");

        Assert.Contains("/mnt/data: OK", await lab.InAsync(vm, Work), StringComparison.Ordinal);
        Assert.Equal(
            "eventfd", HandMadeLab.SlotOf(await lab.JsonAsync("ls", "--socket", lab.Host), "vm1")["guest"]!["interrupts"]!.GetValue<string>());

        // The kernel uses MSI-X, and was not helped by polling.
        Assert.Contains("MSI-X: Enable+", await lab.InAsync(vm, "lspci -vv -d ::0108 2>/dev/null"), StringComparison.Ordinal);
        Assert.DoesNotContain("completion polled", await lab.InAsync(vm, "dmesg"), StringComparison.Ordinal);
    }
}
