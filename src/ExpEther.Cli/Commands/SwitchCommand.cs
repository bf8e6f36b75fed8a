using System.CommandLine;
using ExpEther.Cli.Output;
using ExpEther.Cli.Usage;
using ExpEther.Daemon.Control;
using ExpEther.Daemon.Switch;
using ExpEther.Ethernet;
using ExpEther.Ethernet.Ports;
using ExpEther.Link;

namespace ExpEther.Cli.Commands;

/// <summary><c>switch</c> runs the lab's VLAN switch; <c>switch fault</c> breaks and mends its cables.</summary>
internal static class SwitchCommand
{
    public static (Command, string) Build()
    {
        var port = new Option<string[]>("--port")
        {
            Description = "A port: NAME,packet=INTERFACE or NAME,udp=ADDRESS:PORT[,peer=ADDRESS:PORT]; then ,access=VID or ,trunk or ,trunk=VID+VID. "
                + "Default: a trunk of all VLANs.",
            HelpName = "PORT",
        };
        var name = new Option<string>("--name") { Description = "Part of the control socket's name.", HelpName = "NAME", DefaultValueFactory = _ => "lab" };
        var etherType = EtherTypeOption.Make("--ether-type", "What is switched.");
        var mtu = new Option<int?>("--mtu")
        {
            Description = $"Largest payload of UDP ports, in bytes. Default: {UdpPort.DefaultMtuBytes}, which fits a path of jumbo frames.", HelpName = "BYTES",
        };
        var socket = new Option<string>("--socket") { Description = "Where to make the control socket.", HelpName = "PATH" };
        var exitWithStdin = SharedOptions.ExitWithStdin();
        var command = new Command("switch", "Run a VLAN switch over network interfaces or UDP: the lab's Ethernet.")
        {
            port, name, etherType, mtu, socket, exitWithStdin,
        };
        command.Add(BuildFault());
        command.SetAction(parsed =>
        {
            var ports = new List<SwitchPortArgument>();
            foreach (var text in parsed.GetValue(port) ?? [])
            {
                if (SwitchPortArgument.Parse(text, out var mistake) is { } one)
                {
                    ports.Add(one);
                    continue;
                }

                Console.Error.WriteLine($"expether: --port {text}: {mistake}");
                return ExitCode.Usage;
            }

            if (ports.Count is 0 or > EthernetLimits.SwitchPortsMax || ports.DistinctBy(p => p.Name).Count() < ports.Count
                || parsed.GetValue(mtu) is < 1280 or > 65_000)
            {
                Console.Error.WriteLine(
                    $"expether: a switch needs 1 to {EthernetLimits.SwitchPortsMax} --port with different names, "
                    + "and an MTU from 1280 to 65000; see `expether switch --help`");
                return ExitCode.Usage;
            }

            var type = parsed.GetValue(etherType) is var given && given > 0 ? given : LinkLimits.EtherTypeDefault;
            var run = new DaemonRun(parsed, exitWithStdin);
            return run.Run(
                "switch", parsed.GetRequiredValue(name), parsed.GetValue(socket),
                path => new SwitchDaemon(parsed.GetRequiredValue(name), ports, type, parsed.GetValue(mtu) ?? 0, path, run.Events, run.Log),
                daemon => daemon.Run(), daemon => daemon.Stop(), _ => string.Join(", ", ports.Select(p => $"{p.Name} ({p.Mode})")));
        });
        return (command, """
              expether switch --port io,packet=veth0 --port host1,packet=veth1,trunk=101 --port host2,packet=veth2,trunk=102
              expether switch --port io,udp=127.0.0.1:4801,peer=127.0.0.1:4811 --port host1,udp=127.0.0.1:4802,peer=127.0.0.1:4812
              expether switch fault host1 --cut       no frame passes that cable, either way
              expether switch fault host1 --heal
              expether switch fault all --drop 0.01   one frame of a hundred is lost
              expether ls --socket PATH               ports, their faults and counts
            """);
    }

    private static Command BuildFault()
    {
        var port = new Argument<string>("port") { Description = "Its name, or all." };
        var faults = new FaultOptions();
        var socket = SharedOptions.Socket();
        var command = new Command("fault", "Break or mend the cable of a port of a running switch.") { port, socket };
        faults.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            if (faults.Of(parsed, parsed.GetValue(port)!) is not { } arguments)
            {
                throw new ControlException(ControlErrorCode.BadArgument, "no fault is named", $"add {FaultOptions.Names}");
            }

            var screen = parsed.Screen();
            using var client = await SharedOptions.ConnectAsync(parsed.GetValue(socket), cancel, "switch");
            var result = await client.CallAsync("fault", arguments, cancel: cancel);
            FaultOptions.Show(screen, result);
            return ExitCode.Ok;
        });
        return command;
    }
}
