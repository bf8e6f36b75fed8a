using System.CommandLine;
using ExpEther.Cli.Output;

namespace ExpEther.Cli.Commands;

internal static class TreeCommand
{
    public static (Command, string) Build()
    {
        var socket = SharedOptions.Socket();
        var host = new Option<string>("--host") { Description = "Only this host's tree, where a daemon has several.", HelpName = "HOST" };
        var command = new Command("tree", "Show what an embedded host enumerated, as lspci would.") { socket, host };
        command.SetAction(async (parsed, cancel) =>
        {
            var screen = parsed.Screen();
            using var client = await SharedOptions.ConnectAsync(parsed.GetValue(socket), cancel, "host");
            var result = await client.CallAsync("tree", parsed.GetValue(host) is { } name ? new() { ["host"] = name } : null, cancel: cancel);
            if (screen.IsJson)
            {
                screen.Json(result);
                return ExitCode.Ok;
            }

            foreach (var tree in result.Objects("hosts"))
            {
                screen.Text($"{tree.Cell("name")}:");
                foreach (var line in tree.Lines("text"))
                {
                    screen.Text(line);
                }
            }

            return ExitCode.Ok;
        });
        return (command, """
              expether tree
              expether tree --host host1
            """);
    }
}
