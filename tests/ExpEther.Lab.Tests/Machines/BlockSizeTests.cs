using ExpEther.Lab.Tests.Lab;

namespace ExpEther.Lab.Tests.Machines;

/// <summary>A namespace with blocks of 4096 bytes, as a stock guest sees it.</summary>
public sealed class BlockSizeTests
{
    private const string Disk = "/dev/nvme0n1";

    private const string Compare = $"dd if={Disk} bs=4096 count=1 iflag=direct 2>/dev/null | cmp - /run/data && echo same";

    [Fact]
    public async Task A_guest_s_kernel_knows_the_block_and_refuses_a_direct_write_of_a_part_of_one()
    {
        await using var lab = await HandMadeLab.StartAsync(
            _ => Task.FromResult("[[device]]\nname = \"disk1\"\n[[device.namespace]]\nramMiB = 8\nblockBytes = 4096"), ["vm1"]);
        var guest = await lab.BootAsync(lab.OptionsOf("vm1"));
        await lab.AttachAsync("disk1", "vm1");
        await lab.DiskAsync(guest, Disk);
        Assert.Equal("4096 4096\n", await lab.InAsync(guest, "cd /sys/block/nvme0n1/queue; echo $(cat logical_block_size physical_block_size)"));


        // By one system call: EINVAL. busybox's dd answers that by turning O_DIRECT off, so that the page cache reads, changes and writes the whole block.
        await lab.InAsync(guest, $"dd if=/dev/urandom of=/run/data bs=4096 count=1; dd if=/run/data of={Disk} bs=4096 count=1 oflag=direct");
        Assert.Equal(
            "Invalid argument\n",
            await lab.InAsync(
                guest,
                $"fio --name=x --filename={Disk} --rw=write --bs=512 --size=512 --direct=1 --ioengine=psync 2>&1 | grep -o 'Invalid argument' | head -n 1"));
        Assert.Equal("same\n", await lab.InAsync(guest, Compare));
        await lab.InAsync(guest, $"dd if=/dev/zero of={Disk} bs=512 count=1 oflag=direct && sync && dd if=/dev/zero of=/run/data bs=512 count=1 conv=notrunc");
        Assert.Equal("same\n", await lab.InAsync(guest, Compare));
    }
}
