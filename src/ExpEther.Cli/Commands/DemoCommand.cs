using System.CommandLine;
using ExpEther.Cli.Demo;
using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Commands;

internal static class DemoCommand
{
    public static (Command, string) Build()
    {
        var hosts = new Option<int>("--hosts") { Description = "How many share the device, 2 to 16.", HelpName = "N", DefaultValueFactory = _ => 3 };
        var disks = new Option<string[]>("--disk")
        {
            Description = "A file or image that all hosts share a copy of; never written. Repeatable. Default: an image of the repository's own sources.",
            HelpName = "FILE",
        };
        var transport = new Option<string>("--transport")
        {
            Description = "namespaces (root), user-namespaces, or udp (loopback). Default: the first that works here.", HelpName = "KIND",
        };
        transport.AcceptOnlyFromAmong(LabTransports.Names);
        var seal = new Option<string>("--seal")
        {
            Description = "on: frames are encrypted and authenticated (AES-256-GCM). off: only checked.", HelpName = "on|off", DefaultValueFactory = _ => "on",
        };
        seal.AcceptOnlyFromAmong("on", "off");
        var pause = new Option<int>("--pause")
        {
            Description = "Wait so long before the second full read: time to damage a backing file or to cut a cable.", HelpName = "SECONDS",
        };
        var mtu = new Option<int>("--mtu") { Description = "Of the lab's cables, 1500 to 9000. Default: 1500, and 9000 for large files.", HelpName = "BYTES" };
        var capture = new Option<string?>("--capture")
        {
            Description = "Capture the first host's first use of its function, on both sides of the swap (`expether tlp swap` reads it).", HelpName = "FILE",
        };
        var command = new Command(
            "demo",
            "Show the whole path on this machine: one SR-IOV device of an I/O box, shared by several hosts at once, and a switch, all separate processes; "
            + "a virtual function moves between the hosts.")
        {
            hosts, disks, transport, seal, pause, mtu, capture,
        };
        command.SetAction(async parsed =>
        {
            var options = new DemoOptions(
                parsed.GetValue(hosts),
                parsed.GetValue(disks) ?? [],
                LabTransports.Parse(parsed.GetValue(transport)),
                parsed.GetValue(seal) == "on",
                Math.Clamp(parsed.GetValue(pause), 0, 3600),
                parsed.GetValue(mtu),
                parsed.GetValue(capture));
            if (options.Disks.Count > DemoLimits.DisksMax || options.MtuBytes is not 0 and (< LabLimits.MtuBytes or > LabLimits.JumboMtuBytes))
            {
                await Console.Error.WriteLineAsync(
                    $"expether: the demo takes at most {DemoLimits.DisksMax} disks, and an MTU from {LabLimits.MtuBytes} to {LabLimits.JumboMtuBytes}");
                return ExitCode.Usage;
            }

            if (options.Hosts is < DemoLimits.HostsMin or > DemoLimits.HostsMax)
            {
                await Console.Error.WriteLineAsync($"expether: --hosts {options.Hosts}: the demo takes {DemoLimits.HostsMin} to {DemoLimits.HostsMax} hosts");
                return ExitCode.Usage;
            }

            using var interruption = new Interruption();
            return await RunAsync(options, parsed.Screen(), interruption.Token);
        });
        return (command, """
              expether demo
              expether demo --hosts 16
              expether demo --disk debian.qcow2 --disk /boot/vmlinuz
              expether demo --json > result.json               steps on stderr, one object on stdout
              expether demo --transport udp --seal off
              expether demo --capture swap.pcapng              then: expether tlp swap swap.pcapng
              expether demo --pause 20                         then: expether switch fault all --cut --socket PATH (the path is shown)

            The files are copied to the temporary folder (TMPDIR); more than 1 GiB is refused. Exit code 0 only if everything verified.
            """);
    }

    private static async Task<int> RunAsync(DemoOptions options, Output.Screen screen, CancellationToken cancel)
    {
        var log = new StepLog(Console.Error);
        var demo = new DemoRun(options, log);
        var code = ExitCode.Ok;
        try
        {
            await demo.RunAsync(cancel);
        }
        catch (LabFailure e)
        {
            demo.Report.Failure = e;
            code = e.Code is "bad-disk" or "disk-too-large" or "bad-capture" ? ExitCode.Usage : ExitCode.Failed;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            demo.Report.Failure = new LabFailure("interrupted", "interrupted", "");
            code = ExitCode.Interrupted;
        }

        if (screen.IsJson)
        {
            screen.Json(demo.Report.ToJson());
        }
        else if (demo.Report.Hosts.Count > 0)
        {
            DemoTable.Print(demo.Report, log.Elapsed);
        }

        if (demo.Report.Reason is { } reason)
        {
            await Console.Error.WriteLineAsync(
                $"expether: the demo failed: {reason}{(demo.Report.Failure?.Remedy is { Length: > 0 } remedy ? $"; {remedy}" : "")}");
            return code == ExitCode.Ok ? ExitCode.Failed : code;
        }

        return ExitCode.Ok;
    }
}
