using ExpEther.Cli.Guests;
using ExpEther.Cli.Tests.Lab;
using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Tests.Laboratory;

/// <summary>A real guest: stock Linux under QEMU. Skipped where what guests are made of is missing (make lab-assets).</summary>
[Collection("demo")]
public sealed class LabGuestTests : IDisposable
{
    private readonly LabFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_guest_boots_runs_commands_survives_a_reset_and_goes_with_whoever_started_it()
    {
        using var guest = await StartAsync();
        await guest.ReadyAsync(Cancel);
        ProcessIdentity? qemu;
        using (var shell = await guest.ShellAsync(Cancel))
        {
            Assert.Equal((7, "Linux\nerr\n"), await shell.AskAsync("uname -s; echo err >&2; exit 7", Cancel));
            var (code, output) = await shell.AskAsync("head -c 100000 /dev/zero | tr '\\0' x", Cancel);
            Assert.Equal((0, new string('x', 100_000)), (code, output));
            Assert.Contains("guest1", (await shell.AskAsync("hostname", Cancel)).Output, StringComparison.Ordinal);
            Assert.Equal(2, (await shell.AskAsync("lspci", Cancel)).Output.Split('\n').Count(line => line.Contains("XIO3130 PCI Express Switch (Downstream)")));
            await shell.AskAsync("touch /run/before", Cancel);
            qemu = ProcessIdentity.Of(guest.Process.Id);
        }

        await guest.ResetAsync(Cancel);
        while (true)
        {
            using var shell = await guest.ShellAsync(Cancel);
            if ((await shell.AskAsync("cat /run/before", Cancel)).Code != 0)
            {
                break; // it booted anew; until then the old one answered
            }
        }

        Assert.Contains("GUEST_READY", await File.ReadAllTextAsync(guest.Options.ConsoleLog, Cancel), StringComparison.Ordinal);
        guest.Dispose();
        Assert.False(qemu!.IsAlive);
    }

    [Fact]
    public async Task A_guest_that_cannot_start_says_why()
    {
        var failure = await Assert.ThrowsAsync<LabFailure>(async () =>
        {
            using var guest = await StartAsync("-device", "no-such-device");
            await guest.ReadyAsync(Cancel);
        });

        Assert.Equal("guest-ended", failure.Code);
        Assert.Contains("no-such-device", failure.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private Task<Guest> StartAsync(params string[] more)
    {
        if (GuestAssets.Existing is not { } assets)
        {
            Assert.Skip($"what guests are made of is missing (make lab-assets): {string.Join(", ", GuestAssets.Place?.Missing ?? ["no clone"])}");
            throw new InvalidOperationException();
        }

        return Guest.StartAsync(
            new GuestOptions
            {
                Name = "guest1", Folder = _folder.File("guest1"), Assets = assets, Accel = GuestAccel.Choose("auto", _ => { }), More = more,
            },
            [], Path.GetDirectoryName(_folder.File("x"))!, Cancel);
    }
}
