using System.Text.Json.Nodes;
using ExpEther.Cli.Tests.Lab;

namespace ExpEther.Cli.Tests;

/// <summary>Slots of a host as a user meets them: named by <c>--slot</c>, kept over restarts of its daemon.</summary>
public class KeptSlotTests
{
    [Fact]
    public async Task Functions_have_their_slots_again_after_the_host_daemon_was_started_again()
    {
        await using var machine = await OneMachine.StartAsync();
        await AttachAsync(machine, "disk2");
        await AttachAsync(machine, "disk1");
        Assert.Equal(["disk2", "disk1", null, null], await SlotsAsync(machine, 2));

        for (var i = 0; i < 3; i++)
        {
            await machine.RestartHostAsync();
            Assert.Equal(["disk2", "disk1", null, null], await SlotsAsync(machine, 2));
        }
    }

    [Fact]
    public async Task A_slot_is_named_kept_and_refused_in_words()
    {
        await using var machine = await OneMachine.StartAsync();
        await AttachAsync(machine, "disk1", "--slot", "3");
        await machine.RestartHostAsync();
        Assert.Equal([null, null, "disk1", null], await SlotsAsync(machine, 1));

        foreach (var (slot, words) in ((string, string)[])[("3", "in that slot"), ("9", "no slot of that number"), ("0", "allowed are 1 to 32")])
        {
            var refused = await Expether.RunAsync("attach", "disk2", "host1", "--slot", slot, "--socket", machine.Io);
            Assert.NotEqual(0, refused.Code);
            Assert.Contains(words, refused.Error, StringComparison.Ordinal);
        }

        await AttachAsync(machine, "disk2");
        Assert.Equal(["disk2", null, "disk1", null], await SlotsAsync(machine, 2));

        // Once it is not this host's any more, its slot is as free as any.
        await DetachAsync(machine, "disk2");
        await DetachAsync(machine, "disk1");
        await AttachAsync(machine, "disk1", "--slot", "1");
        Assert.Equal(["disk1", null, null, null], await SlotsAsync(machine, 1));
    }

    private static async Task AttachAsync(OneMachine machine, string function, params string[] more)
    {
        var attached = await Expether.RunAsync(["attach", function, "host1", .. more, "--socket", machine.Io]);
        Assert.True(attached.Code == 0, attached.Error);
    }

    private static async Task DetachAsync(OneMachine machine, string function)
    {
        var detached = await Expether.RunAsync("detach", function, "--socket", machine.Io);
        Assert.True(detached.Code == 0, detached.Error);
    }

    /// <summary>The functions in the host's slots, once there are as many as that.</summary>
    private static async Task<string?[]> SlotsAsync(OneMachine machine, int functions)
    {
        static string?[] Of(JsonObject list) =>
            [.. list["hosts"]![0]!["slots"]!.AsArray().Select(slot => slot!["function"]?.GetValue<string>())];
        return Of(await machine.UntilAsync(machine.Host, "ls", list => Of(list).Count(name => name is not null) == functions));
    }
}
