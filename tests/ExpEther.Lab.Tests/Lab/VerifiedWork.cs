using System.Globalization;

namespace ExpEther.Lab.Tests.Lab;

/// <summary>
/// What an undisturbed guest does meanwhile: fio writes to its disk at random and verifies every block by CRC32C, round after round, until it is told to
/// stop. A round that fails ends the work.
/// </summary>
/// <param name="run">Runs a command line of the guest's shell to its end.</param>
internal sealed class VerifiedWork(Func<string, Task<(int Code, string Output)>> run)
{
    private const string Folder = "/run/verified-work";

    private const string Loop = $$"""
        mkdir -p {{Folder}}; cd {{Folder}}; rm -f stop ended rounds account; dmesg -C
        (
            n=0
            while [ ! -e stop ] && fio --name=verified --filename=$DISK --offset=$OFFSET --size=2m --rw=randwrite --bs=4k --direct=1 \
                --verify=crc32c --verify_fatal=1 --randseed=$n >account 2>&1; do n=$((n + 1)); echo $n >rounds; done
            touch ended
        ) </dev/null >/dev/null 2>&1 &
        """;

    public VerifiedWork(GuestLab lab, string guest)
        : this(command => lab.TryInAsync(guest, command))
    {
    }

    /// <summary>Starts it, and waits for the first round to be over. What the kernel warned of before is forgotten.</summary>
    /// <param name="disk">A device of the guest's, or a file.</param>
    /// <param name="offset">Where it may write, in fio's words; nothing else is written.</param>
    public async Task StartAsync(string disk = "/dev/nvme0n1", string offset = "128m")
    {
        await InAsync($"DISK={disk} OFFSET={offset}\n{Loop}");
        await MoreAsync(0);
    }

    /// <summary>Waits for one more round, then ends it: no round failed, and the kernel has warned of nothing about the disk since it started.</summary>
    public async Task EndCleanAsync()
    {
        await RoundAsync();

        // Of the emulated processor's slowness a kernel may well warn.
        Assert.Equal("", await InAsync("dmesg --level=emerg,alert,crit,err,warn | grep -iE 'nvme[0-9]|pcie|I/O|EXT4|JBD2' || true"));
        await EndAsync();
    }

    /// <summary>Waits for one more round.</summary>
    public async Task RoundAsync() => await MoreAsync(int.Parse(await InAsync($"cat {Folder}/rounds"), CultureInfo.InvariantCulture));

    /// <summary>Ends it, whatever the kernel has to say.</summary>
    public async Task EndAsync() => await InAsync($"cd {Folder}; touch stop; while [ ! -e ended ]; do usleep 100000; done");

    /// <summary>Waits until it has done more rounds than so many; fails when it has ended.</summary>
    private async Task MoreAsync(int rounds)
    {
        // Ended: 3; asked within the guest, which is quicker than from here.
        var (code, output) = await run(
            $"cd {Folder}; while [ $(cat rounds 2>/dev/null || echo 0) -le {rounds} ]; do [ ! -e ended ] || {{ cat account; dmesg | tail -n 20; exit 3; }}; "
            + "usleep 100000; done");
        if (code != 0)
        {
            throw new InvalidOperationException($"the guest works no more ({code}):\n{output}");
        }
    }

    private async Task<string> InAsync(string command)
    {
        var (code, output) = await run(command);
        return code == 0 ? output : throw new InvalidOperationException($"`{command}` ended with {code}:\n{output}");
    }
}
