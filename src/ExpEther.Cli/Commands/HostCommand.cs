using System.CommandLine;
using ExpEther.Cli.Wiring;
using ExpEther.Daemon.Config;
using ExpEther.Daemon.Hosts;
using ExpEther.Daemon.Keeping;

namespace ExpEther.Cli.Commands;

internal static class HostCommand
{
    public static (Command, string) Build()
    {
        var config = SharedOptions.Config();
        var socket = new Option<string>("--socket") { Description = "Where to make the control socket.", HelpName = "PATH" };
        var exitWithStdin = SharedOptions.ExitWithStdin();
        var command = new Command("host", "Run this machine's hosts: for each a host bridge, and above it an embedded root complex or a guest of QEMU.")
        {
            config, socket, exitWithStdin,
        };
        command.SetAction(parsed =>
        {
            var settings = HostConfig.Load(parsed.GetRequiredValue(config));
            var run = new DaemonRun(parsed, exitWithStdin);
            ExampleKeys.Warn(settings.Hosts.Select(h => (h.Name, h.Key)), run.Events);
            IReadOnlyList<string> asJson = parsed.Screen().IsJson ? ["--json"] : [];
            var keeper = new KeeperProgram([.. OwnProgram.Command, .. asJson, "keeper"]);
            return run.Run(
                "host", settings.Name, parsed.GetValue(socket) ?? settings.Socket,
                path => new HostDaemon(settings, path, run.Events, run.Log, keeper), daemon => daemon.Run(), daemon => daemon.Stop(),
                daemon => daemon.PortName);
        });
        return (command, """
              expether host --config examples/host.toml
            """);
    }
}
