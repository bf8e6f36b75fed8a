using System.CommandLine;
using System.Text.Json.Nodes;
using ExpEther.Daemon.Config;

namespace ExpEther.Cli.Commands;

internal static class KeygenCommand
{
    public static (Command, string) Build()
    {
        var command = new Command("keygen", "Make a new key that seals the links of one host: 64 hexadecimal digits.");
        command.SetAction(parsed =>
        {
            var screen = parsed.Screen();
            var key = KeyMaterial.NewHex();
            if (screen.IsJson)
            {
                screen.Json(new JsonObject { ["key"] = key });
            }
            else
            {
                screen.Text(key);
            }

            return ExitCode.Ok;
        });
        return (command, """
              (umask 077; expether keygen > host1.key)   then keyFile = "host1.key" at the host and at every I/O box that serves it
            """);
    }
}
