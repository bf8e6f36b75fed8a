using System.CommandLine;
using System.Text.Json.Nodes;

namespace ExpEther.Cli.Commands;

internal static class StatsCommand
{
    public static (Command, string) Build()
    {
        var socket = SharedOptions.Socket();
        var command = new Command("stats", "Show what a daemon counted: frames, TLPs, drops by reason.") { socket };
        command.SetAction(async (parsed, cancel) =>
        {
            var screen = parsed.Screen();
            using var client = await SharedOptions.ConnectAsync(parsed.GetValue(socket), cancel, "io", "host", "switch");
            var result = await client.CallAsync("stats", cancel: cancel);
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
