using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using ExpEther.Cli.Lab;
using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Commands;

internal static class LabUpCommand
{
    public static Command Build()
    {
        var options = new LabUpOptions(guests: 2);
        var folder = LabCommand.Directory();
        var command = new Command(
            "up", "Start a laboratory, which stays up in the background; ends when its guests have booted and have their functions.") { folder };
        options.AddTo(command);
        command.SetAction(async parsed =>
        {
            using var interruption = new Interruption();
            var place = LabPlace.Of(parsed.GetValue(folder));
            var watch = Stopwatch.StartNew();
            var state = await LabLaunch.UpAsync(place, options.Of(parsed), Console.Error.WriteLine, interruption.Token);
            var screen = parsed.Screen();
            if (screen.IsJson)
            {
                screen.Json(new JsonObject
                {
                    ["ok"] = true, ["dir"] = place.Path, ["transport"] = state.Transport, ["accel"] = state.Accel, ["milliseconds"] = watch.ElapsedMilliseconds,
                    ["guests"] = new JsonArray([.. state.Guests.Select(g => (JsonNode)new JsonObject
                    {
                        ["name"] = g.Name, ["vlan"] = g.Vlan, ["function"] = g.Function, ["bootMs"] = g.BootMilliseconds, ["plugMs"] = g.PlugMilliseconds,
                    })]),
                    ["boxSocket"] = place.SocketOf("io"),
                });
                return ExitCode.Ok;
            }

            var dir = parsed.GetValue(folder) is { } named ? $" --dir {named}" : "";
            var who = string.Join(", ", state.Guests.Select(g => $"{g.Name} has {g.Function}"));
            screen.Text($"The laboratory is up, after {watch.Elapsed.TotalSeconds:0.0} s: {who}.");
            screen.Text($"""

                What to try next:
                  expether lab status{dir}
                  expether lab exec{dir} guest1 -- nvme list
                  expether lab exec{dir} guest1 -- lspci -tv
                  expether lab console{dir} guest1                 Ctrl-] leaves
                  expether lab fault{dir} guest1 --cut             pull its cable; --heal puts it back
                  expether ls --socket {place.SocketOf("io")}
                  expether lab down{dir}
                """);
            return ExitCode.Ok;
        });
        return command;
    }
}
