using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using ExpEther.Daemon.Counters;
using ExpEther.Linux.Time;

namespace ExpEther.Cli.Commands;

/// <summary><c>stats</c>: one snapshot of a daemon's counter page. The daemon is not asked, so that one which is stopped or hangs answers too.</summary>
internal static class StatsCommand
{
    public static (Command, string) Build()
    {
        var socket = SharedOptions.Socket();
        var command = new Command("stats", "Show what a daemon counted: frames, TLPs, drops by reason, time.") { socket };
        command.SetAction(parsed =>
        {
            var screen = parsed.Screen();
            var snapshot = CounterLocator.FindOne(parsed.GetValue(socket));
            var now = MonotonicClock.Now;
            var age = now - snapshot.PublishedAt;
            var result = CounterTreeJson.Of(snapshot.Values, snapshot.Path);
            result["page"] = new JsonObject
            {
                ["pid"] = snapshot.ProcessId, ["publishedAtNanoseconds"] = snapshot.PublishedAt.Nanoseconds, ["ageMilliseconds"] = (long)age.TotalMilliseconds,
            };
            if (snapshot.IsOverdue(now))
            {
                Console.Error.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"expether: these numbers are {age.TotalSeconds:0.0} s old: process {snapshot.ProcessId} is stopped, or its owner loop hangs"));
            }

            if (screen.IsJson)
            {
                screen.Json(result);
            }
            else
            {
                Print(result, "");
            }

            return ExitCode.Ok;
        });
        return (command, """
              expether stats
              expether stats --json | jq .links
              expether stats --socket /run/expether/io-box1.sock
            """);
    }

    /// <summary>One line per counter, its place in the object before it: easy to read and to grep. Zeros are left out.</summary>
    private static void Print(JsonNode? node, string path)
    {
        switch (node)
        {
            case JsonObject branch:
                foreach (var (name, value) in branch)
                {
                    Print(value, path.Length > 0 ? $"{path}.{name}" : name);
                }

                break;
            case JsonArray list:
                for (var i = 0; i < list.Count; i++)
                {
                    var name = (list[i] as JsonObject)?["name"] ?? (list[i] as JsonObject)?["peer"] ?? (list[i] as JsonObject)?["slot"];
                    Print(list[i], $"{path}[{name ?? i}]");
                }

                break;
            case null:
            case JsonValue value when value.ToString() == "0":
                break;
            default:
                Console.Out.WriteLine($"{path} = {node}");
                break;
        }
    }
}
