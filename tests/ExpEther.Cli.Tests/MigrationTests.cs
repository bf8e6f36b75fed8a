using System.Text.Json.Nodes;
using ExpEther.Cli.Tests.Lab;

namespace ExpEther.Cli.Tests;

/// <summary>What <c>ls</c> says, at both daemons, of a function whose guest migrates.</summary>
public class MigrationTests
{
    private const string Guest = "8a5b8a0e-2f0f-4d0c-9a41-0e3f5f6f7a01";

    [Fact]
    public async Task A_box_says_which_guest_a_function_follows()
    {
        var functions = new JsonArray(
            new JsonObject { ["name"] = "disk1.vf1", ["state"] = "presented", ["owner"] = "vm1", ["followsGuest"] = Guest },
            new JsonObject { ["name"] = "disk1.vf2", ["state"] = "presented", ["owner"] = "vm1", ["followsGuest"] = null });
        var (text, json) = await ListAsync(new JsonObject { ["kind"] = "io", ["name"] = "box", ["functions"] = functions });

        Assert.Contains($"disk1.vf1: the guest {Guest} of vm1 migrates, and the function goes to the host", text, StringComparison.Ordinal);
        Assert.DoesNotContain("disk1.vf2:", text, StringComparison.Ordinal);
        Assert.Equal(Guest, json["functions"]![0]!["followsGuest"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_host_says_that_the_guest_has_let_go_and_what_to_do()
    {
        var guest = new JsonObject
        {
            ["state"] = "letGo", ["interrupts"] = "message", ["troubles"] = new JsonArray("the migration was stopped: start it again within 60 s"),
        };
        var slot = new JsonObject { ["slot"] = 1, ["state"] = "on", ["function"] = "disk1.vf1", ["guest"] = guest };
        var host = new JsonObject { ["name"] = "vm1", ["vlan"] = 101, ["slots"] = new JsonArray(slot), ["qemu"] = new JsonObject() };
        var (text, _) = await ListAsync(new JsonObject { ["kind"] = "host", ["hosts"] = new JsonArray(host) });

        Assert.Contains("letGo", text, StringComparison.Ordinal);
        Assert.Contains("vm1 slot 1: the migration was stopped: start it again within 60 s", text, StringComparison.Ordinal);
    }

    private static async Task<(string Text, JsonObject Json)> ListAsync(JsonObject answer)
    {
        using var lab = new LabFolder();
        using var daemon = new ScriptedDaemon(lab.File("d.sock"), new JsonObject { ["result"] = answer.DeepClone() });
        var text = await Expether.RunAsync("ls", "--socket", lab.File("d.sock"));
        using var second = new ScriptedDaemon(lab.File("e.sock"), new JsonObject { ["result"] = answer.DeepClone() });
        var json = await Expether.RunAsync("ls", "--socket", lab.File("e.sock"), "--json");
        Assert.True(text.Code == 0, text.Error);
        return (text.Output, json.Json);
    }
}
