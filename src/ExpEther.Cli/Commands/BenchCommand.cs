using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using ExpEther.Bench;
using ExpEther.Bench.Ends;
using ExpEther.Bench.Measuring;
using ExpEther.Cli.Output;
using ExpEther.Daemon.Control;
using ExpEther.Link;

namespace ExpEther.Cli.Commands;

/// <summary><c>bench</c> compares the path with what one would use instead, in the same run.</summary>
internal static class BenchCommand
{
    public static (Command, string) Build()
    {
        var names = new Argument<string[]>("bench")
        {
            Description = $"Of {string.Join(", ", BenchSuite.Names)}. Default: all, one after the other.", Arity = ArgumentArity.ZeroOrMore,
        };
        names.AcceptOnlyFromAmong([.. BenchSuite.Names]);
        var pairs = new Option<int>("--pairs")
        {
            Description = "Runs of each side, by turns; medians are told.", HelpName = "N", DefaultValueFactory = _ => BenchLimits.PairsDefault,
        };
        var milliseconds = new Option<int>("--milliseconds")
        {
            Description = "Length of one run.", HelpName = "MS", DefaultValueFactory = _ => BenchLimits.MillisecondsDefault,
        };
        var mtu = new Option<int>("--mtu") { Description = "Of the cables.", HelpName = "BYTES", DefaultValueFactory = _ => BenchLimits.MtuDefault };
        var command = new Command(
            "bench", "Measure the path against the alternative, in the same run: C echo, nbdkit and fio, iperf3. Needs root and an idle machine.")
        {
            names, pairs, milliseconds, mtu,
        };
        command.Add(BuildEnd());
        command.SetAction(async parsed =>
        {
            var options = new BenchOptions(parsed.GetValue(pairs), parsed.GetValue(milliseconds), parsed.GetValue(mtu));
            if (options.Pairs is < BenchLimits.PairsMin or > BenchLimits.PairsMax
                || options.Milliseconds is < BenchLimits.MillisecondsMin or > BenchLimits.MillisecondsMax
                || options.MtuBytes is < BenchLimits.MtuMin or > BenchLimits.MtuMax)
            {
                throw new ControlException(
                    ControlErrorCode.BadArgument,
                    $"--pairs takes {BenchLimits.PairsMin} to {BenchLimits.PairsMax}, --milliseconds {BenchLimits.MillisecondsMin} to "
                    + $"{BenchLimits.MillisecondsMax}, --mtu {BenchLimits.MtuMin} to {BenchLimits.MtuMax}",
                    "see `expether bench --help`");
            }

            using var ended = new CancellationTokenSource();
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
            using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
            IReadOnlyList<string> wanted = parsed.GetValue(names) is { Length: > 0 } some ? [.. some.Distinct()] : BenchSuite.Names;
            return await RunAsync(wanted, options, parsed.Screen(), ended.Token);

            void OnSignal(PosixSignalContext context)
            {
                context.Cancel = true;
                ended.Cancel();
            }
        });
        return (command, """
              expether bench                       all, some four minutes
              expether bench echo mmio
              expether bench nvme-qd32 --json | jq .ratio

            Goals judge the link that is not sealed; the sealed one is told beside. What a machine lacks makes a bench a skipped one. Exit code 0
            whether or not goals are met, 1 if a bench failed.
            """);
    }

    /// <summary>One end of the echo, a process of its own.</summary>
    private static Command BuildEnd()
    {
        var role = new Option<string>("--role") { Required = true };
        role.AcceptOnlyFromAmong("initiator", "responder");
        var at = new Option<string>("--interface") { Required = true };
        var seal = new Option<string>("--seal") { Required = true };
        seal.AcceptOnlyFromAmong("on", "off");
        var socket = new Option<string>("--socket") { Required = true };
        var exitWithStdin = SharedOptions.ExitWithStdin();
        var command = new Command("end", "One end of the echo bench.") { role, at, seal, socket, exitWithStdin };
        command.Hidden = true;
        command.SetAction(parsed =>
        {
            var run = new DaemonRun(parsed, exitWithStdin);
            var linkRole = parsed.GetValue(role) == "initiator" ? LinkRole.Initiator : LinkRole.Responder;
            return run.Run(
                "bench", parsed.GetRequiredValue(role), parsed.GetValue(socket),
                path => new EchoDaemon(linkRole, parsed.GetRequiredValue(at), parsed.GetValue(seal) == "on", path, run.Events),
                daemon => daemon.Run(), daemon => daemon.Stop(), _ => parsed.GetRequiredValue(at));
        });
        return command;
    }

    private static async Task<int> RunAsync(IReadOnlyList<string> names, BenchOptions options, Screen screen, CancellationToken cancel)
    {
        var results = new List<BenchResult>();
        _ = Machine.Load;
        try
        {
            foreach (var name in names)
            {
                results.Add(await BenchSuite.RunAsync(name, options, line => Console.Error.WriteLine(line), cancel));
            }
        }
        catch (BenchException e)
        {
            screen.Error(new ControlError("bench-failed", e.Message, e.Remedy));
            return ExitCode.Failed;
        }

        if (!screen.IsJson)
        {
            screen.Text(BenchTable.Of(results));
            screen.Text(FormattableString.Invariant(
                $"{Machine.Processor}, {Environment.ProcessorCount} cores, load before {Machine.Load:0.0}; ")
                + $"MTU {options.MtuBytes}, {options.Pairs} pairs of {options.Milliseconds} ms, medians");
            return ExitCode.Ok;
        }

        var settings = new JsonObject { ["pairs"] = options.Pairs, ["milliseconds"] = options.Milliseconds, ["mtu"] = options.MtuBytes };
        if (results.Count == 1)
        {
            var one = results[0].ToJson();
            one["settings"] = settings;
            one["machine"] = Machine.ToJson();
            screen.Json(one);
        }
        else
        {
            screen.Json(new JsonObject
            {
                ["benches"] = new JsonArray([.. results.Select(r => (JsonNode)r.ToJson())]), ["settings"] = settings, ["machine"] = Machine.ToJson(),
            });
        }

        return ExitCode.Ok;
    }
}
