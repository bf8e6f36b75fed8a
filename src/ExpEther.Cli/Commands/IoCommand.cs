using System.CommandLine;
using ExpEther.Daemon.Config;
using ExpEther.Daemon.Io;

namespace ExpEther.Cli.Commands;

internal static class IoCommand
{
    public static (Command, string) Build()
    {
        var config = SharedOptions.Config();
        var socket = new Option<string>("--socket") { Description = "Where to make the control socket.", HelpName = "PATH" };
        var acceptLoss = new Option<bool>("--accept-lost-ownership")
        {
            Description = "Start although the record of who owns what is damaged or gone: nobody owns anything then. A damaged file is kept aside.",
        };
        var exitWithStdin = SharedOptions.ExitWithStdin();
        var command = new Command("io", "Run an I/O box: its devices, and the I/O bridge that gives them to hosts.")
        {
            config, socket, acceptLoss, exitWithStdin,
        };
        command.SetAction(parsed =>
        {
            var settings = IoConfig.Load(parsed.GetRequiredValue(config));
            var run = new DaemonRun(parsed, exitWithStdin);
            ExampleKeys.Warn(settings.Hosts.Select(h => (h.Name, h.Key)), run.Events);
            return run.Run(
                "io", settings.Name, parsed.GetValue(socket) ?? settings.Socket,
                path => new IoDaemon(settings, path, run.Events, run.Log, parsed.GetValue(acceptLoss)),
                daemon => daemon.Run(), daemon => daemon.Stop(), daemon => daemon.PortName);
        });
        return (command, """
              expether io --config examples/io.toml
              expether io --config io.toml --socket /tmp/io.sock
            """);
    }
}
