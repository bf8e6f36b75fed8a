using ExpEther.Cli.Output;
using ExpEther.Lab.Tests.Lab;

namespace ExpEther.Lab.Tests.Faults;

/// <summary>A guest resets, sleeps and wakes up while its host bridge is away, and has its function again when the bridge is back.</summary>
public sealed class AwayTests
{
    [Fact]
    public async Task A_guest_resets_and_wakes_up_while_its_killed_or_ended_bridge_is_away_and_has_its_function_when_it_is_back()
    {
        await using var lab = await GuestLab.UpAsync(1);
        var data = new FlushedData(lab);
        await data.WriteAsync("guest1");

        await lab.FaultAsync("guest1", "--kill", "host");
        await ResetAsync(lab);
        await lab.InAsync("guest1", "echo deep >/sys/power/mem_sleep; (sleep 1; echo mem >/sys/power/state) >/dev/null 2>&1 &");
        using (var qmp = await GuestQmp.ConnectAsync(lab, "guest1"))
        {
            while ((await qmp.CallAsync("query-status"))!["status"]!.GetValue<string>() != "suspended")
            {
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            }

            await qmp.CallAsync("system_wakeup");
        }

        await lab.UntilInAsync("guest1", "true");
        await BackAsync(lab, data);

        // Asked to end, it has the guest let go first.
        await lab.TerminateAsync("guest1-host");
        await data.NoDiskAsync("guest1");
        await ResetAsync(lab);
        await BackAsync(lab, data);
    }

    private static async Task ResetAsync(GuestLab lab)
    {
        await lab.InAsync("guest1", "touch /run/before");
        await lab.FaultAsync("guest1", "--reset");
        await lab.UntilInAsync("guest1", "[ ! -e /run/before ]");
    }

    private static async Task BackAsync(GuestLab lab, FlushedData data)
    {
        await lab.FaultAsync("guest1", "--restart");
        await lab.UntilAsync("guest1's function to be back", lab.HostOf("guest1"), HostState.IsConnected);
        await data.CheckAsync("guest1");
        Assert.Null((await lab.StatusAsync()).Objects("processes").Single(p => p.Cell("name") == "guest1")["exitCode"]);
    }
}
