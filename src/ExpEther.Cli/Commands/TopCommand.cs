using System.CommandLine;
using System.Runtime.InteropServices;
using ExpEther.Cli.Top;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Commands;

/// <summary><c>top</c>: what daemons do now, from their counter pages.</summary>
internal static class TopCommand
{
    private const int IntervalMillisecondsMin = 100;
    private const int IntervalMillisecondsMax = 3_600_000;

    public static (Command, string) Build()
    {
        var socket = SharedOptions.Socket();
        socket.Description = "A daemon's control socket. Default: all daemons of this user that run here.";
        var interval = new Option<int>("--interval")
        {
            Description = "Between two looks, in milliseconds; at least 100.", HelpName = "MS", DefaultValueFactory = _ => 1000,
        };
        var count = new Option<int?>("--count") { Description = "How many intervals. Default: until q or Ctrl-C.", HelpName = "N" };
        var command = new Command("top", "Watch what daemons do: where their time goes, links, functions, devices.") { socket, interval, count };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(interval) is < IntervalMillisecondsMin or > IntervalMillisecondsMax)
            {
                throw new ControlException(
                    ControlErrorCode.BadArgument, $"--interval {parsed.GetValue(interval)} is out of range",
                    $"give {IntervalMillisecondsMin} to {IntervalMillisecondsMax} milliseconds");
            }

            if (parsed.GetValue(count) is < 1)
            {
                throw new ControlException(ControlErrorCode.BadArgument, $"--count {parsed.GetValue(count)} is out of range", "give 1 or more");
            }

            using var ended = new CancellationTokenSource();
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
            using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
            return new TopRun(parsed.GetValue(socket), TimeSpan.FromMilliseconds(parsed.GetValue(interval)), parsed.GetValue(count), ended.Token)
                .Run(parsed.Screen());

            void OnSignal(PosixSignalContext context)
            {
                context.Cancel = true;
                ended.Cancel();
            }
        });
        return (command, """
              expether top
              expether top --socket /run/expether/io-box1.sock --interval 200
              expether top --json --count 10 | jq '.daemons[].shares'     an object per interval, each on a line of its own
            """);
    }
}
