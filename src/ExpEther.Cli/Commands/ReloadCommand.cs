using System.CommandLine;
using System.Text.Json.Nodes;
using ExpEther.Cli.Output;
using ExpEther.Daemon.Config;
using ExpEther.Daemon.Control;
using ExpEther.Daemon.Reload;

namespace ExpEther.Cli.Commands;

/// <summary><c>reload</c>: a daemon reads its configuration again. Mistakes end as they do at a start.</summary>
internal static class ReloadCommand
{
    public static (Command, string) Build()
    {
        var socket = SharedOptions.Socket();
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would change, and change nothing." };
        var command = new Command("reload", "Make a running daemon take its configuration file as it is now: all of it, or nothing and say why.")
        {
            dryRun, socket,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            var screen = parsed.Screen();
            using var client = await SharedOptions.ConnectAsync(parsed.GetValue(socket), cancel, "io", "host");
            var result = await CallAsync(client, parsed.GetValue(dryRun), cancel);
            if (screen.IsJson)
            {
                screen.Json(result);
                return ExitCode.Ok;
            }

            var changes = result.Objects("changes").Select(c => new ConfigChange(c.TextOf("key") ?? "", Text(c, "from"), Text(c, "to"))).ToList();
            screen.Text(changes.Count == 0 ? "nothing is different"
                : parsed.GetValue(dryRun) ? "would change:"
                : "changed:");
            changes.ForEach(c => screen.Text($"  {c}"));
            return ExitCode.Ok;
        });
        return (command, """
              expether reload
              expether reload --dry-run
              expether reload --socket /run/expether/host-host1.sock
            """);
    }

    private static async Task<JsonObject> CallAsync(ControlClient client, bool isDryRun, CancellationToken cancel)
    {
        try
        {
            return await client.CallAsync("reload", new JsonObject { ["dryRun"] = isDryRun }, cancel: cancel);
        }
        catch (ControlException e) when (e.Error is { Code: ControlErrorCode.BadConfiguration, Details: { } details })
        {
            throw new ConfigException([.. details.Objects("mistakes").Select(ConfigError.Of)]);
        }
    }

    private static string? Text(JsonObject change, string name) => change.TextOf(name);
}
