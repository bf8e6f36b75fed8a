using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ExpEther.Lab.Tests.Lab;

namespace ExpEther.Lab.Tests.Guests;

/// <summary>What a stock Linux sees of the functions it is given, and what it does to them, beside what the daemons tell of the same.</summary>
public sealed partial class StockGuestTests
{
    /// <summary>
    /// What the kernel said of the levels from emergency to warning; but for its own clocks, which stand still now and then where it is emulated, and for
    /// what Linux says once when nvme-cli's commands go to a controller without SGLs, whosesoever it is.
    /// </summary>
    private const string Warnings =
        "dmesg -r | grep '^<[0-4]>' | grep -v -e clocksource: -e 'hrtimer: interrupt took' -e 'using unchecked data buffer' || true";

    private const int WrittenMebibytes = 4;

    /// <summary>Writes, verifies and checks a file system, in the background of a guest and until it is told to stop.</summary>
    private static readonly string Work = $$"""
        cat > /tmp/work <<'END'
        set -e
        trap 'echo $? > /tmp/ended' EXIT
        mkfs.ext4 -q -F /dev/nvme0n1
        mount /dev/nvme0n1 /mnt
        while
            fio --name=work --directory=/mnt --rw=randwrite --bs=4k --size={{WrittenMebibytes}}M --iodepth=8 --ioengine=libaio --direct=1 \
                --verify=crc32c --do_verify=1 --verify_fatal=1 --output-format=terse || exit
            [ ! -e /tmp/stop ]
        do :; done
        sync
        umount /mnt
        fsck.ext4 -f -n /dev/nvme0n1
        END
        sh /tmp/work > /tmp/said 2>&1 < /dev/null &
        """;

    [Fact]
    public async Task A_guest_sees_an_ordinary_NVMe_controller_behind_a_PCIe_switch()
    {
        await using var lab = await GuestLab.UpAsync(1);
        var disk = await lab.InAsync("guest1", "basename $(readlink -f /sys/class/nvme/nvme0/device)");
        var bdf = disk.Trim()["0000:".Length..];
        var tree = await lab.InAsync("guest1", "lspci -tv");
        var told = await lab.InAsync("guest1", $"lspci -vv -s {bdf} 2>/dev/null");
        var box = await lab.FunctionAsync(lab.FunctionOf("guest1"));
        var host = await lab.ListAsync(lab.HostOf("guest1"));

        // Root port, upstream port, downstream ports, and the endpoint alone on the bus behind one of those.
        Assert.Matches(Tree(), tree);
        var ports = await lab.InAsync("guest1", "lspci");
        Assert.Contains("XIO3130 PCI Express Switch (Upstream)", ports, StringComparison.Ordinal);
        Assert.Contains("XIO3130 PCI Express Switch (Downstream)", ports, StringComparison.Ordinal);

        Assert.StartsWith($"{bdf} Non-Volatile memory controller", told, StringComparison.Ordinal);
        Assert.Matches("Express \\(v2\\) Endpoint", told);
        Assert.Contains("MSI-X: Enable+", told, StringComparison.Ordinal);
        Assert.Contains("Advanced Error Reporting", told, StringComparison.Ordinal);
        Assert.DoesNotContain("SR-IOV", told, StringComparison.Ordinal);
        Assert.DoesNotContain("Single Root I/O Virtualization", told, StringComparison.Ordinal);
        Assert.DoesNotContain("<access denied>", told, StringComparison.Ordinal);
        Assert.Matches("LnkSta:\\s+Speed [0-9.]+GT/s.*, Width x[1-9]", told);
        Assert.Contains("Kernel driver in use: nvme", told, StringComparison.Ordinal);

        // One function, known by the same numbers at both ends: where it is in the guest, and where its registers are (Mem_H).
        var bar = Region().Match(told);
        Assert.True(bar.Success, told);
        Assert.Equal(Address(bar.Groups["address"].Value), Address(box["memH"]!.GetValue<string>()));
        Assert.Equal(bdf, host["hosts"]![0]!["slots"]!.AsArray().Select(s => s!["guest"]?["bdf"]?.GetValue<string>()).Single(b => b is not null));
        Assert.Equal(box["vfH"]!.GetValue<string>(), host["hosts"]![0]!["slots"]![0]!["bdf"]!.GetValue<string>());
    }

    [Fact]
    public async Task Three_guests_work_on_functions_of_one_device_at_the_same_time_and_all_of_it_is_counted()
    {
        await using var lab = await GuestLab.UpAsync(3);
        string[] guests = ["guest1", "guest2", "guest3"];
        var kernels = await AllAsync(guests, guest => lab.InAsync(guest, Warnings));
        var before = await AllAsync(guests, guest => SlotAsync(lab, guest));
        var interrupts = await AllAsync(guests, guest => InterruptsAsync(lab, guest));

        // Each goes on until the daemons of the hosts have told that the functions read and write memory of all guests meanwhile.
        await AllAsync(guests, guest => lab.InAsync(guest, Work));
        var busy = before;
        for (var look = 0; look < 2; look++)
        {
            var last = busy;
            busy = await UntilAllGrowAsync(lab, guests, last);
        }

        await AllAsync(guests, guest => lab.InAsync(guest, "[ ! -e /tmp/ended ] && touch /tmp/stop || { cat /tmp/said; false; }"));
        foreach (var guest in guests)
        {
            await lab.UntilInAsync(guest, "[ -s /tmp/ended ]");
            await lab.InAsync(guest, "[ $(cat /tmp/ended) = 0 ] || { cat /tmp/said; false; }");
        }

        foreach (var (at, guest) in guests.Index())
        {
            var slot = await SlotAsync(lab, guest);
            Assert.True(Grown(slot, before[at], "dmaReadBytes") >= WrittenMebibytes << 20, slot.ToJsonString());
            Assert.True(Grown(slot, before[at], "dmaWriteBytes") >= WrittenMebibytes << 20, slot.ToJsonString());

            // Every interrupt that the guest's processor took was a memory write of the function's.
            var taken = await InterruptsAsync(lab, guest) - interrupts[at];
            Assert.True(taken > 0);
            Assert.True(Grown(await SlotAsync(lab, guest), before[at], "interrupts") >= taken, $"{taken} interrupts in {guest}: {slot.ToJsonString()}");

            // An interrupt completes commands of which each rang a doorbell.
            Assert.True(Grown(slot, before[at], "hostRequests") >= taken, slot.ToJsonString());
            Assert.Equal(0, Grown(slot, before[at], "dmaUnsupportedRequests") + Grown(slot, before[at], "hostRequestsUnanswered"));

            // Its own tools know the device, and its kernel has nothing to say against it.
            Assert.Contains("ExpEther NVMe", await lab.InAsync(guest, "nvme id-ctrl /dev/nvme0"), StringComparison.Ordinal);
            Assert.Contains("nsze", await lab.InAsync(guest, "nvme id-ns $(ls /dev/nvme0n* | head -n 1)"), StringComparison.Ordinal);
            Assert.Contains("critical_warning", await lab.InAsync(guest, "nvme smart-log /dev/nvme0"), StringComparison.Ordinal);
            Assert.Equal("", (await lab.InAsync(guest, Warnings))[kernels[at].Length..]);
        }
    }

    [Fact]
    public async Task A_file_system_moves_from_guest_to_guest_with_its_function()
    {
        await using var lab = await GuestLab.UpAsync(2);
        var output = TestContext.Current.TestOutputHelper;
        var sums = await lab.InAsync("guest1", """
            mkfs.ext4 -q -F /dev/nvme0n1 && mount /dev/nvme0n1 /mnt && cd /mnt
            for n in 1 2 3 4; do dd if=/dev/urandom of=file$n bs=1M count=1 2>/dev/null; done
            sha256sum file*; cd / && sync && umount /mnt
            """);
        Assert.Equal(4, sums.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        var disks = await lab.InAsync("guest2", "cd /sys/block; ls -d nvme*");
        var (from, generation) = (lab.FunctionOf("guest1"), (await lab.FunctionAsync(lab.FunctionOf("guest1")))["generation"]!.GetValue<long>());

        var moved = await lab.RunAsync("move", from, "guest2", "--socket", lab.Io, "--json");
        output?.WriteLine(moved.Error + moved.Output);

        Assert.Equal(0, moved.Code);
        Assert.Equal(("guest1", "guest2"), (moved.Json["from"]!.GetValue<string>(), moved.Json["to"]!.GetValue<string>()));
        Assert.True(moved.Json["generation"]!.GetValue<long>() > generation);
        Assert.True(moved.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length > 1, $"steps: {moved.Error}");
        await lab.UntilInAsync("guest1", "! ls -d /sys/block/nvme* 2>/dev/null");
        await lab.UntilInAsync("guest2", $"[ $(ls -d /sys/block/nvme* | wc -l) -gt {disks.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length} ]");
        var disk = (await lab.InAsync(
            "guest2", $"cd /sys/block; for d in nvme*; do case '{disks.Replace('\n', ' ')}' in *$d*) ;; *) echo $d; esac; done")).Trim();

        Assert.Equal(sums, await lab.InAsync("guest2", $"mount /dev/{disk} /mnt && cd /mnt && sha256sum file*; cd /; umount /mnt"));
        await lab.InAsync("guest2", $"fsck.ext4 -f -n /dev/{disk}");
    }

    /// <summary>What a guest's host daemon counted of its first slot.</summary>
    private static async Task<JsonObject> SlotAsync(GuestLab lab, string guest) =>
        (await lab.StatsAsync(lab.HostOf(guest)))["hosts"]![0]!["slots"]![0]!.AsObject();

    /// <summary>The interrupts that a guest's processor took of its NVMe controllers.</summary>
    private static async Task<long> InterruptsAsync(GuestLab lab, string guest) => long.Parse(
        await lab.InAsync(guest, "awk '/nvme/ { sum += $2 } END { print sum + 0 }' /proc/interrupts"), CultureInfo.InvariantCulture);

    /// <summary>Asks until the DMA of every guest has gone on since a look before.</summary>
    private static async Task<JsonObject[]> UntilAllGrowAsync(GuestLab lab, string[] guests, JsonObject[] since)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(LabTestLimits.ConditionTime);
        while (!limit.IsCancellationRequested)
        {
            var now = await AllAsync(guests, guest => SlotAsync(lab, guest));
            if (now.Index().All(n => Grown(n.Item, since[n.Index], "dmaReadBytes") > 0 && Grown(n.Item, since[n.Index], "hostRequests") > 0))
            {
                return now;
            }
        }

        throw lab.Failed("not all guests worked at the same time");
    }

    private static async Task<T[]> AllAsync<T>(string[] guests, Func<string, Task<T>> ask)
    {
        var answers = new List<T>();
        foreach (var guest in guests)
        {
            answers.Add(await ask(guest));
        }

        return [.. answers];
    }

    private static long Grown(JsonObject now, JsonObject before, string counter) => now[counter]!.GetValue<long>() - before[counter]!.GetValue<long>();

    private static ulong Address(string hexadecimal) =>
        ulong.Parse(hexadecimal.Replace("0x", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal), NumberStyles.HexNumber,
            CultureInfo.InvariantCulture);

    /// <summary>As lspci draws it: root port, upstream port, downstream ports, and behind the first of these the controller alone.</summary>
    [GeneratedRegex(@"-10\.0-\[[^]]+\]----00\.0-\[[^]]+\]--\+-0[01]\.0-\[[^]]+\]----00\.0 ")]
    private static partial Regex Tree();

    [GeneratedRegex("Region 0: Memory at (?<address>[0-9a-f]+) \\(64-bit")]
    private static partial Regex Region();
}
