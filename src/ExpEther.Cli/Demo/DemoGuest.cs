using System.Diagnostics;
using System.Text.Json.Nodes;
using ExpEther.Cli.Guests;
using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Demo;

/// <summary>
/// The demo's virtual machine: stock Linux, nothing of ours inside. It boots while the others work, is hot-plugged a function of its own, and what
/// its own tools say of it is shown. It reads the first namespace that all share, and the hash must be the file's.
/// </summary>
/// <param name="guest">Its QEMU runs.</param>
/// <param name="function">The virtual function that it gets.</param>
/// <param name="boxSocket">The I/O box's control socket.</param>
internal sealed class DemoGuest(Guest guest, string function, string boxSocket)
{
    private Task _booting = Task.CompletedTask;
    private TimeSpan _plugTime;

    public string Name => guest.Name;

    /// <summary>What <c>nvme list</c> says in the guest.</summary>
    public string NvmeList { get; private set; } = "";

    /// <summary>What <c>lspci -t -v</c> says in the guest.</summary>
    public string Tree { get; private set; } = "";

    /// <summary>Of the shared namespace that it read; null where that is too large to wait for.</summary>
    public DemoCheck? Check { get; private set; }

    public void Boot(CancellationToken cancel) => _booting = guest.ReadyAsync(cancel);

    /// <summary>Waits until it has booted, gives it its function, and looks at it from inside.</summary>
    public async Task UseAsync(SharedDisk shared, StepLog log, CancellationToken cancel)
    {
        await _booting;
        log.Step($"{Name} is up, {guest.BootTime.TotalSeconds:0.0} s after QEMU's start ({guest.Options.Accel})");
        using var shell = await guest.ShellAsync(cancel);
        await CallAsync(
            $"making a private namespace for {Name}", "namespace.create",
            new JsonObject { ["device"] = DemoPlan.Device, ["bytes"] = DemoLimits.PrivateBytes, ["host"] = Name }, cancel);
        var before = await GuestDisks.AllAsync(shell, cancel);
        var watch = Stopwatch.StartNew();
        await CallAsync($"attaching {function} to {Name}", "attach", new JsonObject { ["function"] = function, ["host"] = Name }, cancel);
        var disk = await GuestDisks.NewAsync(shell, before, Name, cancel);
        _plugTime = watch.Elapsed;
        log.Step($"{Name}: {function} was hot-plugged and is {disk}, {_plugTime.TotalMilliseconds:0} ms after it was given");
        NvmeList = (await shell.AskAsync("nvme list", cancel)).Output.TrimEnd();
        Tree = (await shell.AskAsync("lspci -tv", cancel)).Output.TrimEnd();
        if (shared.OriginalBytes <= DemoLimits.GuestReadBytesMax)
        {
            await ReadAsync(shell, shared, cancel);
        }
    }

    public JsonObject ToJson() => new()
    {
        ["name"] = Name, ["accel"] = guest.Options.Accel, ["bootMs"] = (long)guest.BootTime.TotalMilliseconds, ["plugMs"] = (long)_plugTime.TotalMilliseconds,
        ["function"] = function, ["nvmeList"] = NvmeList, ["lspci"] = Tree, ["verified"] = Check?.IsRight,
    };

    /// <summary>Names in the guest do not tell NSIDs; and the paths of one disk by several controllers, which have no device, are listed with it.</summary>
    private async Task ReadAsync(GuestShell shell, SharedDisk shared, CancellationToken cancel)
    {
        var (_, output) = await shell.AskAsync(
            $"for d in /sys/block/nvme*; do d=${{d##*/}}; [ -b /dev/$d ] && [ \"$(cat /sys/block/$d/nsid)\" = {shared.Id} ] && "
            + $"head -c {shared.OriginalBytes} /dev/$d | sha256sum; done", cancel);
        Check = new DemoCheck($"read by {Name}", $"{function}, shared {shared.Name}", shared.Sha256, output.Split(' ')[0].Trim(), IsOfShared: true);
    }

    private Task<JsonObject> CallAsync(string what, string command, JsonObject arguments, CancellationToken cancel) =>
        DaemonCalls.CallAsync(boxSocket, what, command, arguments, cancel);
}
