using System.Text.Json.Nodes;
using ExpEther.Cli.Tests.Lab;

namespace ExpEther.Cli.Tests;

/// <summary>What a daemon says came from peers, guests and monitors; what a command prints of it must not steer the operator's terminal.</summary>
public class TerminalTests
{
    private const string Evil = "\u001b]0;owned\a\u001b[2Jdisk\u202E\u009b1m\u007f\r\nok";

    private static readonly JsonObject Listing = new()
    {
        ["kind"] = "io",
        ["functions"] = new JsonArray(new JsonObject { ["name"] = Evil, ["state"] = "assigned", ["owner"] = "host1" }),
        ["discovered"] = new JsonArray(new JsonObject { ["name"] = Evil, ["vlan"] = 101, ["mac"] = Evil }),
    };

    [Fact]
    public async Task A_name_from_outside_does_not_steer_the_terminal()
    {
        using var lab = new LabFolder();
        using var daemon = new ScriptedDaemon(lab.File("io.sock"), new JsonObject { ["result"] = Listing.DeepClone() });

        var run = await Expether.RunAsync("ls", "--socket", lab.File("io.sock"));

        Assert.Equal(0, run.Code);
        Assert.DoesNotContain(run.Output, c => char.IsControl(c) && c != '\n');
        Assert.DoesNotContain('\u202E', run.Output);
        Assert.Contains("\\u001b]0;owned\\u0007\\u001b[2Jdisk\\u202e\\u009b1m\\u007f\\u000d\\u000aok", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_gets_the_exact_name_and_no_control_character()
    {
        using var lab = new LabFolder();
        using var daemon = new ScriptedDaemon(lab.File("io.sock"), new JsonObject { ["result"] = Listing.DeepClone() });

        var run = await Expether.RunAsync("ls", "--socket", lab.File("io.sock"), "--json");

        Assert.Equal(Evil, run.Json["functions"]![0]!["name"]!.GetValue<string>());
        Assert.DoesNotContain(run.Output, c => char.IsControl(c) && c != '\n');
        Assert.DoesNotContain('\u202E', run.Output);
    }

    [Fact]
    public async Task An_error_from_outside_is_one_line()
    {
        using var lab = new LabFolder();
        using var daemon = new ScriptedDaemon(
            lab.File("io.sock"), new JsonObject { ["error"] = new JsonObject { ["code"] = "refused", ["message"] = Evil, ["remedy"] = Evil } });

        var run = await Expether.RunAsync("ls", "--socket", lab.File("io.sock"));

        Assert.Equal(1, run.Code);
        Assert.Equal(1, run.Error.Count(char.IsControl));
        Assert.EndsWith("\n", run.Error, StringComparison.Ordinal);
    }
}
