using System.CommandLine;
using ExpEther.Daemon.Control;
using ExpEther.Daemon.Events;
using ExpEther.Daemon.Keeping;
using ExpEther.Linux;
using ExpEther.Linux.Files;
using ExpEther.Linux.Processes;

namespace ExpEther.Cli.Commands;

/// <summary>What <c>expether host</c> starts beside itself when it has guests.</summary>
internal static class KeeperCommand
{
    public static (Command, string) Build()
    {
        var socket = new Option<string>("--socket") { Description = "Where host bridges find it.", HelpName = "PATH", Required = true };
        var command = new Command("keeper", "Keep guests alive while their host bridge is away: what `expether host` starts by itself.") { socket };
        command.Hidden = true;
        command.SetAction(parsed =>
        {
            ProcessHandle.LeaveSession();
            var path = Path.GetFullPath(parsed.GetRequiredValue(socket));
            Directory.SetCurrentDirectory("/");
            try
            {
                // A log that cannot be written, or that nobody reads, holds it up no more than its bridge.
                using var log = new QueuedLog(StandardDescriptor.Error, new LogCounters()).Start();
                using var keeper = new Keeper(path, new LogSink(log, parsed.Screen().IsJson));
                keeper.Run();
                return ExitCode.Ok;
            }
            catch (Exception e) when (e is LinuxException or ArgumentException)
            {
                parsed.Screen().Error(new ControlError("no-socket", e.Message, "`expether host` starts it by itself"));
                return ExitCode.Failed;
            }
        });
        return (command, """
              expether keeper --socket /run/expether/host-vm1.sock.keeper
            """);
    }
}
