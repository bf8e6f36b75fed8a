using System.CommandLine;
using System.Text.Json.Nodes;
using ExpEther.Cli.Output;
using ExpEther.Daemon.Config;
using ExpEther.Daemon.Control;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Sealing;
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
        var hostKey = new Option<string?>("--host-key")
        {
            Description = "Make no new key, but that of a pair: of the host whose key this file holds, and of the box that --box names.",
            HelpName = "FILE",
        };
        var box = new Option<string?>("--box")
        {
            Description = "The box's name, or its MAC where its file has one.",
            HelpName = "NAME",
        };
        var command = new Command("keygen", "Make a new key that seals the links of one host, or that of one host and one box: 64 hexadecimal digits.")
        {
            file, hostKey, box,
        };
        command.SetAction(parsed =>
        {
            var screen = parsed.Screen();
            var (key, error) = Make(parsed.GetValue(hostKey), parsed.GetValue(box));
            if (key is null)
            {
                screen.Error(error!);
                return ExitCode.Usage;
            }

            return parsed.GetValue(file) is { } path ? Write(path, key, screen) : Print(key, screen);
        });
        return (command, """
              expether keygen host1.key                               keyFile = "host1.key" in the host's own file
              expether keygen --host-key host1.key --box io io.key    pairKeyFile = "io.key" at the box named io, in its [[host]]
              expether keygen                                         prints one, to be pasted as key = "..."
            """);
    }

    private static (string? Key, ControlError? Error) Make(string? hostKeyFile, string? box)
    {
        if (hostKeyFile is null && box is null)
        {
            return (KeyMaterial.NewHex(), null);
        }

        if (hostKeyFile is null || box is null)
        {
            return (null, new("bad-argument", "--host-key and --box go together", "give both for the key of a pair, or neither for a host's key"));
        }

        if (!KeyFile.TryRead(hostKeyFile, out var text, out var problem))
        {
            return (null, new("bad-argument", problem.What, problem.Remedy));
        }

        if (!KeyMaterial.TryParse(text, out var hostKey))
        {
            return (null, new("bad-argument", $"{hostKeyFile} holds no key", "a key is 64 hexadecimal digits; make one by `expether keygen FILE`"));
        }

        var mac = MacAddress.TryParse(box, out var given) ? given : MacConfig.OfBox(box);
        return (Convert.ToHexStringLower(PairKey.Derive(hostKey, mac)), null);
    }

    private static int Print(string key, Screen screen)
    {
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

    private static int Write(string path, string key, Screen screen)
    {
        try
        {
            using var stream = new FileStream(
                path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OnlyOwner });
            stream.Write(System.Text.Encoding.ASCII.GetBytes(key + "\n"));
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
