namespace ExpEther.Lab.Tests.Lab;

/// <summary>A file system of a guest's with a file of random bytes that was flushed, and the checksum that it must have wherever it is seen again.</summary>
/// <param name="lab">Whose guests.</param>
internal sealed class FlushedData(GuestLab lab)
{
    private const string Wait = """
        n=0; while [ $n -lt 600 ]; do for d in /sys/block/nvme*; do d=/dev/${d##*/}; [ -b $d ] && echo $d && exit 0; done; usleep 100000; n=$((n + 1)); done
        echo 'no disk'; dmesg | tail; exit 1
        """;

    private string _sum = "";

    /// <summary>Makes file system and file on the disk of a guest, and leaves it unmounted.</summary>
    public async Task WriteAsync(string guest)
    {
        var disk = await DiskAsync(guest);
        _sum = await lab.InAsync(
            guest,
            $"mkdir -p /mnt; mkfs.ext4 -qF {disk} 100M && mount {disk} /mnt && dd if=/dev/urandom of=/mnt/data bs=64k count=32 2>/dev/null "
            + "&& sync && sha256sum </mnt/data && umount /mnt");
    }

    /// <summary>Waits until a guest has a disk, which must hold all of it, and takes more.</summary>
    public async Task CheckAsync(string guest)
    {
        var disk = await DiskAsync(guest);
        Assert.Equal(
            _sum,
            await lab.InAsync(guest, $"mkdir -p /mnt; mount {disk} /mnt && sha256sum </mnt/data && date >/mnt/more && sync && umount /mnt "
                + $"&& fsck.ext4 -fn {disk} >/dev/null 2>&1"));
    }

    /// <summary>Waits until a guest has an NVMe disk.</summary>
    /// <returns>Its device.</returns>
    public async Task<string> DiskAsync(string guest) => (await lab.InAsync(guest, Wait)).Trim();

    /// <summary>Waits until a guest has none.</summary>
    public Task NoDiskAsync(string guest) => lab.UntilInAsync(guest, "! ls /sys/block | grep -q nvme");
}
