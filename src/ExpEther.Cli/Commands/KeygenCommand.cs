using System.CommandLine;
using System.Text.Json.Nodes;
using ExpEther.Cli.Output;
using ExpEther.Daemon.Config;
using Microsoft.Win32.SafeHandles;

namespace ExpEther.Cli.Commands;

internal static class KeygenCommand
{
    private const UnixFileMode OnlyOwner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static (Command, string) Build()
    {
        var file = new Argument<string?>("FILE")
        {
            Description = "Where it goes: a file that is not there yet; only its owner may use it. Left out: stdout.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command("keygen", "Make a new key that seals the links of one host: 64 hexadecimal digits.") { file };
        command.SetAction(parsed =>
        {
            var screen = parsed.Screen();
            return parsed.GetValue(file) is { } path ? Write(path, screen) : Print(screen);
        });
        return (command, """
              expether keygen host1.key   then keyFile = "host1.key" at the host and at every I/O box that serves it
              expether keygen             prints one, to be pasted as key = "..."
            """);
    }

    private static int Print(Screen screen)
    {
        var key = KeyMaterial.NewHex();
        if (screen.IsJson)
        {
            screen.Json(new JsonObject { ["key"] = key });
        }
        else
        {
            screen.Text(key);
        }

        if (IsStdoutOpenToOthers())
        {
            Console.Error.WriteLine(
                "expether: others can use the file that the key went to, and daemons will refuse it: chmod 600 it, or let `expether keygen FILE` make it");
        }

        return ExitCode.Ok;
    }

    private static int Write(string path, Screen screen)
    {
        try
        {
            using var stream = new FileStream(
                path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OnlyOwner });
            stream.Write(System.Text.Encoding.ASCII.GetBytes(KeyMaterial.NewHex() + "\n"));
            stream.Flush(flushToDisk: true);
        }
        catch (IOException) when (Path.Exists(path))
        {
            screen.Error(new("exists", $"{path} is there already, and a key that is in use must not be lost", "name another file, or remove that one first"));
            return ExitCode.Failed;
        }

        if (screen.IsJson)
        {
            screen.Json(new JsonObject { ["file"] = Path.GetFullPath(path) });
        }

        return ExitCode.Ok;
    }

    /// <summary>Does stdout go to a file of which others than its owner may make use?</summary>
    private static bool IsStdoutOpenToOthers()
    {
        try
        {
            using var stdout = new SafeFileHandle(1, ownsHandle: false);
            using var stream = new FileStream(stdout, FileAccess.Write, bufferSize: 0);
            return Console.IsOutputRedirected && stream.CanSeek && KeyMaterial.IsOpenToOthers(File.GetUnixFileMode(stdout));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;
        }
    }
}
