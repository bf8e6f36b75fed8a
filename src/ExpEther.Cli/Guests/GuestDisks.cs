using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Guests;

/// <summary>The NVMe disks of a guest, as its own kernel names them.</summary>
internal static class GuestDisks
{
    /// <summary>The NVMe disks that a guest has.</summary>
    public static async Task<IReadOnlyList<string>> AllAsync(GuestShell shell, CancellationToken cancel) =>
        (await shell.AskAsync("cd /sys/block; for d in nvme*; do [ -e \"$d\" ] && echo $d; done", cancel)).Output
        .Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Where the guest's PCI core has the controller of a disk: <c>0000:03:00.0</c>; empty if there is none.</summary>
    public static async Task<string> BdfOfAsync(GuestShell shell, string disk, CancellationToken cancel)
    {
        // Controllers of one subsystem share their disks' names: under the controller the disk is nvme0c1n2 then, its path by controller 1.
        var (_, output) = await shell.AskAsync(
            "for c in /sys/class/nvme/nvme*; do for n in $c/nvme*; do "
            + $"[ \"$(basename $n | sed 's/c[0-9]*n/n/')\" = {Path.GetFileName(disk)} ] && basename $(readlink -f $c/device); done; done", cancel);
        return output.Trim();
    }

    /// <summary>Waits until a guest has a disk more than before.</summary>
    /// <returns>Its device: <c>/dev/nvme0n1</c>.</returns>
    /// <exception cref="LabFailure">None came.</exception>
    public static async Task<string> NewAsync(GuestShell shell, IReadOnlyList<string> before, string name, CancellationToken cancel)
    {
        // The guest looks by itself: asking it anew every time would take longer than the disk does.
        var known = string.Concat(before.Select(disk => $"{disk}|"));
        var (code, output) = await shell.AskAsync(
            $"n=0; while [ $n -lt {GuestLimits.PlugSeconds * 50} ]; do for d in /sys/block/nvme*; do d=${{d##*/}}; case $d in {known}'nvme*') ;; "
            + "*) [ -b /dev/$d ] && echo /dev/$d && exit 0;; esac; done; usleep 20000; n=$((n + 1)); done; exit 1", cancel);
        return code == 0
            ? output.Trim()
            : throw new LabFailure("no-disk", $"{name} has no new disk {GuestLimits.PlugSeconds} s after it was given a function",
                "look at its console and at `expether ls`");
    }
}
