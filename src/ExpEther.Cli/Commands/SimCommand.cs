using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ExpEther.Daemon.Control;
using ExpEther.Simulation;

namespace ExpEther.Cli.Commands;

/// <summary><c>sim</c> runs whole fabrics in virtual time under seeded faults, and checks every byte that comes back.</summary>
internal static class SimCommand
{
    public static (Command, string) Build()
    {
        var seeds = new Option<string>("--seeds") { Description = "A seed, or a range of them.", HelpName = "A..B", DefaultValueFactory = _ => "1..20" };
        var hosts = new Option<int>("--hosts")
        {
            Description = $"Hosts, 1 to {SimulationLimits.HostsMax}; 0: each seed chooses.", HelpName = "N", DefaultValueFactory = _ => 0,
        };
        var boxes = new Option<int>("--boxes")
        {
            Description = $"I/O boxes, 1 to {SimulationLimits.BoxesMax}; 0: each seed chooses.", HelpName = "M", DefaultValueFactory = _ => 0,
        };
        var sharing = new Option<SharingChoice>("--sharing")
        {
            Description = "Boxes with devices that hosts share by virtual functions: never, always, or as each seed chooses (bySeed).",
            HelpName = "WHICH", DefaultValueFactory = _ => SharingChoice.BySeed,
        };
        var trace = new Option<bool>("--trace") { Description = "Print on stderr all that happened in every run, not only the end of those that failed." };
        var command = new Command("sim", "Run whole fabrics in virtual time under seeded faults; every byte read is checked.")
        {
            seeds, hosts, boxes, sharing, trace,
        };
        command.SetAction((parsed, cancel) =>
        {
            if (!TryParse(parsed.GetRequiredValue(seeds), out var first, out var last)
                || parsed.GetValue(hosts) is < 0 or > SimulationLimits.HostsMax || parsed.GetValue(boxes) is < 0 or > SimulationLimits.BoxesMax)
            {
                throw new ControlException(
                    ControlErrorCode.BadArgument, "--seeds is not a number or A..B, or --hosts or --boxes is out of bounds", "see `expether sim --help`");
            }

            var options = new SimulationOptions
            {
                Hosts = parsed.GetValue(hosts), Boxes = parsed.GetValue(boxes), Sharing = parsed.GetValue(sharing), KeepsWholeTrace = parsed.GetValue(trace),
            };
            return Task.FromResult(Run(parsed.Screen(), first, last, options, cancel));
        });
        return (command, """
              expether sim                          twenty seeds
              expether sim --seeds 1..1000 --json   many: one JSON object at the end
              expether sim --seeds 42 --trace       one, with all that happened in it
            """);
    }

    private static int Run(Output.Screen screen, ulong first, ulong last, SimulationOptions options, CancellationToken cancel)
    {
        var faults = new FaultCounts();
        var failed = new JsonArray();
        var (hash, ops, time, ran) = (0UL, 0L, TimeSpan.Zero, 0L);
        for (var seed = first; seed <= last && !cancel.IsCancellationRequested; seed++)
        {
            var result = Simulator.Run(seed, options);
            ran++;
            hash = (hash * 0x100000001B3) ^ result.Hash;
            ops += result.Operations;
            time += result.VirtualTime;
            faults.Add(result.Faults);
            var line = $"seed {seed}: {(result.Failure is null ? "ok" : "FAILED")}, {result.VirtualTime.TotalSeconds:F1} s, "
                + $"{result.Operations} operations, {result.FramesSent} frames, hash {result.Hash:x16}";
            (screen.IsJson || result.Failure is not null ? Console.Error : Console.Out).WriteLine(line);
            if (result.Failure is not null || options.KeepsWholeTrace)
            {
                foreach (var one in result.Trace)
                {
                    Console.Error.WriteLine($"  {one}");
                }
            }

            if (result.Failure is { } why)
            {
                var again = CommandOf(seed, options);
                Console.Error.WriteLine($"seed {seed} failed {why}");
                Console.Error.WriteLine($"again: {again}");
                failed.Add(new JsonObject { ["seed"] = seed, ["why"] = why, ["command"] = again });
            }

            if (seed == ulong.MaxValue)
            {
                break;
            }
        }

        if (screen.IsJson)
        {
            screen.Json(new JsonObject
            {
                ["seeds"] = ran,
                ["failed"] = failed,
                ["virtualSeconds"] = Math.Round(time.TotalSeconds, 1),
                ["ops"] = ops,
                ["faultsInjected"] = new JsonObject(faults.ByName.Select(f => KeyValuePair.Create(f.Key, (JsonNode?)f.Value))),
                ["hash"] = hash.ToString("x16", CultureInfo.InvariantCulture),
            });
        }
        else
        {
            screen.Text($"{ran} seeds, {failed.Count} failed, {time.TotalSeconds:F0} virtual seconds, {ops} operations, hash {hash:x16}");
            screen.Text($"faults: {string.Join(", ", faults.ByName.Select(f => $"{f.Key} {f.Value}"))}");
        }

        return failed.Count > 0 ? ExitCode.Failed : cancel.IsCancellationRequested ? ExitCode.Interrupted : ExitCode.Ok;
    }

    private static string CommandOf(ulong seed, SimulationOptions options) =>
        $"./expether sim --seeds {seed}{(options.Hosts > 0 ? $" --hosts {options.Hosts}" : "")}"
        + $"{(options.Boxes > 0 ? $" --boxes {options.Boxes}" : "")}"
        + $"{(options.Sharing != SharingChoice.BySeed ? $" --sharing {options.Sharing.ToString().ToLowerInvariant()}" : "")} --trace";

    private static bool TryParse(string text, out ulong first, out ulong last)
    {
        var parts = text.Split("..");
        last = 0;
        return ulong.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out first)
            && parts.Length <= 2
            && ulong.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out last)
            && first <= last;
    }
}
