using System.Diagnostics;
using System.Globalization;
using ExpEther.Cli.Guests;
using ExpEther.Cli.Output;
using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Lab;

/// <summary>
/// The proof with real guests: each is hot-plugged a virtual function of the one device at run time, and at the same time each makes a file system on
/// it, has fio write and verify at random, and finds it clean; then the first guest's function moves to the second, with the file system on it. What
/// is found wrong is noted and it goes on; what keeps a step from ending stops it.
/// </summary>
internal sealed class LabShare(LabRig rig, StepLog log)
{
    /// <summary>What fio writes in each guest; reads back all of it.</summary>
    private const int FioMebibytes = 16;

    private const int MovedMebibytes = 8;

    /// <summary>
    /// What a guest's kernel said, of the levels from emergency to warning; but for what it says of its clocks, which stand still now and then where a
    /// guest is emulated.
    /// </summary>
    private const string Warnings = "dmesg -r | grep '^<[0-4]>' | grep -v -e 'clocksource:' -e 'hrtimer: interrupt took' || true";

    private int _unfinished;

    public LabShareReport Report { get; } = new();

    public async Task RunAsync(CancellationToken cancel)
    {
        var functions = new LabFunctions(rig.SocketOf("io"));
        Report.Guests.AddRange(rig.Guests.Select(node => new LabShareGuest(node, rig.Accel)));
        var shells = await Task.WhenAll(rig.Guests.Select(g => g.Guest!.ShellAsync(cancel)));
        try
        {
            await functions.LinksUpAsync(cancel);
            await Together.RunAsync(Pairs(shells), (pair, token) => PlugAsync(functions, pair.Guest, pair.Shell, token), cancel);
            log.Step("all guests at once: mkfs.ext4, mount, fio --verify=crc32c, sync, umount, fsck -n");
            _unfinished = shells.Length;
            await Together.RunAsync(Pairs(shells), (pair, token) => UseAsync(pair.Guest, pair.Shell, token), cancel);
            if (shells.Length > 1)
            {
                await MoveAsync(functions, shells[0], shells[1], cancel);
            }

            await Together.RunAsync(Pairs(shells), (pair, token) => JudgeAsync(pair.Guest, pair.Shell, token), cancel);
            Report.IsComplete = true;
        }
        finally
        {
            Array.ForEach(shells, s => s.Dispose());
        }
    }

    private IEnumerable<(LabShareGuest Guest, GuestShell Shell)> Pairs(GuestShell[] shells) => Report.Guests.Zip(shells);

    private async Task PlugAsync(LabFunctions functions, LabShareGuest guest, GuestShell shell, CancellationToken cancel)
    {
        // What its boot warned of is not about us.
        guest.WarningsBefore = (await shell.AskAsync(Warnings, cancel)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
        guest.Device = await functions.GiveAsync(guest.Node, shell, cancel);
        guest.BdfGuest = await GuestDisks.BdfOfAsync(shell, guest.Device, cancel);
        var told = await functions.TellAsync(guest.Node.Function, cancel);
        guest.VfH = told.Cell("vfH");
        guest.VfIo = told.Cell("vfIo");
        log.Step(
            $"{guest.Name} has {guest.Node.Function} as {guest.Device} at {guest.BdfGuest}, {guest.Node.PlugTime.TotalMilliseconds:0} ms after it was given");
    }

    private async Task UseAsync(LabShareGuest guest, GuestShell shell, CancellationToken cancel)
    {
        guest.StartNs = Now();

        // Nobody stops before everybody has been through once: all of them were at it at the same time.
        for (var pass = 1; pass == 1 || Volatile.Read(ref _unfinished) > 0; pass++)
        {
            await RunAsync(guest, shell, $"mkfs.ext4 -q -F {guest.Device} && mkdir -p /mnt/share && mount {guest.Device} /mnt/share", cancel);
            var bytes = await RunAsync(
                guest, shell,
                $"fio --name=share --directory=/mnt/share --rw=randwrite --bs=4k --size={FioMebibytes}M --iodepth=8 --ioengine=libaio --direct=1 "
                + "--verify=crc32c --do_verify=1 --verify_fatal=1 --output-format=terse --terse-version=3 | tail -n 1", cancel);
            guest.Bytes += FioBytes(bytes, guest);
            await RunAsync(guest, shell, $"sync && umount /mnt/share && fsck.ext4 -f -n {guest.Device}", cancel);
            guest.FioVerified ??= true;
            if (pass == 1)
            {
                Interlocked.Decrement(ref _unfinished);
                log.Step($"{guest.Name}: {(guest.FioVerified == true ? "verified, and the file system is clean" : $"NOT right: {guest.Trouble}")}");
            }

            if (guest.Trouble is not null)
            {
                break;
            }
        }

        guest.EndNs = Now();
    }

    private async Task MoveAsync(LabFunctions functions, GuestShell first, GuestShell second, CancellationToken cancel)
    {
        var (from, to) = (Report.Guests[0], Report.Guests[1]);
        var move = new LabShareMove(from.Name, to.Name);
        Report.Move = move;
        log.Step($"moving {from.Node.Function}, with a file system of {from.Name}'s, to {to.Name}");
        var written = await RunAsync(
            from, first,
            $"mkfs.ext4 -q -F {from.Device} && mount {from.Device} /mnt/share && cd /mnt/share && for n in 1 2 3 4; do "
            + $"dd if=/dev/urandom of=file$n bs=1M count={MovedMebibytes / 4} 2>/dev/null; done && sha256sum file*; cd /; sync; umount /mnt/share", cancel);
        var before = await GuestDisks.AllAsync(second, cancel);
        var watch = Stopwatch.StartNew();
        var moving = functions.MoveAsync(from.Node.Function, to.Name, cancel);
        var removed = RemovedAsync(first, Path.GetFileName(from.Device), watch, cancel);
        var adding = AddedAsync(second, before, to.Name, watch, cancel);
        if (await Task.WhenAny(moving, adding) == moving)
        {
            await moving; // where it was refused, no disk will come
        }

        var (device, added) = await adding;
        await moving;
        move.RemoveMs = (await removed).TotalMilliseconds;
        move.AddMs = added.TotalMilliseconds - move.RemoveMs;
        var read = await RunAsync(
            to, second,
            $"mkdir -p /mnt/moved && mount {device} /mnt/moved && cd /mnt/moved && sha256sum file*; "
            + $"cd /; umount /mnt/moved && fsck.ext4 -f -n {device} >/dev/null 2>&1",
            cancel);
        move.IsVerified = written.Length > 0 && written == read;
        log.Step(
            $"moved: gone from {from.Name} after {move.RemoveMs:0} ms, at {to.Name} {move.AddMs:0} ms later; "
            + (move.IsVerified ? "all checksums are equal" : $"checksums DIFFER: {written} and {read}"));
    }

    private static async Task<(string Device, TimeSpan At)> AddedAsync(
        GuestShell shell, IReadOnlyList<string> before, string name, Stopwatch watch, CancellationToken cancel) =>
        (await GuestDisks.NewAsync(shell, before, name, cancel), watch.Elapsed);

    private static async Task<TimeSpan> RemovedAsync(GuestShell shell, string disk, Stopwatch watch, CancellationToken cancel)
    {
        await shell.AskAsync($"n=0; while [ -e /sys/block/{disk} ] && [ $n -lt 3000 ]; do usleep 20000; n=$((n + 1)); done", cancel);
        return watch.Elapsed;
    }

    private static async Task JudgeAsync(LabShareGuest guest, GuestShell shell, CancellationToken cancel)
    {
        var (_, output) = await shell.AskAsync(Warnings, cancel);
        guest.DmesgErrors = [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(guest.WarningsBefore)];
    }

    private static async Task<string> RunAsync(LabShareGuest guest, GuestShell shell, string command, CancellationToken cancel)
    {
        var (code, output) = await shell.AskAsync(command, cancel);
        if (code != 0)
        {
            guest.FioVerified = false;
            guest.Trouble ??= $"`{command}` ended with {code.ToString(CultureInfo.InvariantCulture)}: {output.Trim()}";
        }

        return output;
    }

    /// <summary>Read and written, of fio's terse line: fields 6 (KiB read) and 47 (KiB written) of version 3; its error is field 5.</summary>
    private static long FioBytes(string terse, LabShareGuest guest)
    {
        var fields = terse.Trim().Split(';');
        if (fields.Length < 48 || fields[4] != "0" || !long.TryParse(fields[5], CultureInfo.InvariantCulture, out var read)
            || !long.TryParse(fields[46], CultureInfo.InvariantCulture, out var written))
        {
            guest.FioVerified = false;
            guest.Trouble ??= $"fio: {terse.Trim()}";
            return 0;
        }

        return (read + written) << 10;
    }

    private static long Now() => Stopwatch.GetTimestamp() * (1_000_000_000 / Stopwatch.Frequency);
}
