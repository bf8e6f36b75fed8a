using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using ExpEther.Cli.Lab;

namespace ExpEther.Cli.Commands;

internal static class LabDownCommand
{
    public static Command Build()
    {
        var folder = LabCommand.Directory();
        var command = new Command("down", "End a laboratory: its guests, daemons and namespaces, and its folder with all that was in it.") { folder };
        command.SetAction(async (parsed, cancel) =>
        {
            var watch = Stopwatch.StartNew();
            var ended = await LabLaunch.DownAsync(LabPlace.Of(parsed.GetValue(folder)), Console.Error.WriteLine, cancel);
            var screen = parsed.Screen();
            if (screen.IsJson)
            {
                screen.Json(new JsonObject
                {
                    ["ended"] = new JsonArray([.. ended.Select(name => (JsonNode)name)]), ["milliseconds"] = watch.ElapsedMilliseconds,
                });
            }
            else
            {
                screen.Text($"down: {ended.Count} processes ended in {watch.Elapsed.TotalSeconds:0.0} s");
            }

            return ExitCode.Ok;
        });
        return command;
    }
}
