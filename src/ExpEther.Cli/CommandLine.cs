using System.CommandLine;
using System.CommandLine.Help;
using System.Text.Json.Nodes;
using ExpEther.Cli.Commands;
using ExpEther.Cli.Output;
using ExpEther.Cli.Usage;
using ExpEther.Cli.Wiring;
using ExpEther.Core.Text;
using ExpEther.Daemon.Config;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli;

/// <summary>
/// The command line as a whole: what commands there are, and how every failure leaves the process: one message that says what, where and
/// what to do next on stderr (as JSON on stdout under <c>--json</c>), and an exit code.
/// </summary>
internal static class CommandLine
{
    private const int UnsizedWidth = 80;

    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            return await RunCommandAsync(args);
        }
        catch (OutputFailure e)
        {
            // A reader that has gone had enough, and no other tool speaks of that.
            if (!e.IsReaderGone)
            {
                await Console.Error.WriteLineAsync($"expether: {e.Message}; what the command does besides printing may be done [output-failed]");
            }

            return e.IsReaderGone ? ExitCode.OutputClosed : ExitCode.Failed;
        }
    }

    private static async Task<int> RunCommandAsync(string[] args)
    {
        var root = Build();
        var parsed = root.Parse(args.Length > 0 ? HelpWords.Translate(args, root) : ["--help"]);
        var screen = parsed.Screen();
        if (UsageMistakes.Of(parsed) is { Count: > 0 } mistakes)
        {
            var command = parsed.CommandResult.Command;
            var see = $"usage: {CommandPath.Usage(command)}; see `{CommandPath.Of(command)} --help`";
            foreach (var line in mistakes.Append(see))
            {
                await Console.Error.WriteLineAsync($"expether: {line}");
            }

            if (screen.IsJson)
            {
                screen.Json(new JsonObject { ["error"] = new ControlError("bad-command-line", string.Join("; ", mistakes), see).ToJson() });
            }

            return ExitCode.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (ConfigException e)
        {
            foreach (var error in e.Errors)
            {
                await Console.Error.WriteLineAsync(SafeText.Line(error.ToString()));
            }

            if (screen.IsJson)
            {
                screen.Json(new JsonObject
                {
                    ["error"] = new JsonObject
                    {
                        ["code"] = "bad-configuration",
                        ["mistakes"] = new JsonArray([.. e.Errors.Select(m => (JsonNode)m.ToJson())]),
                    },
                });
            }

            return ExitCode.Usage;
        }
        catch (ControlException e)
        {
            screen.Error(e.Error);
            return e.Error.Code switch
            {
                ControlErrorCode.NotReachable or ControlErrorCode.NotTrusted or ControlErrorCode.ConnectionLost
                    or ControlErrorCode.NotAnswering => ExitCode.NotReachable,
                ControlErrorCode.BadArgument => ExitCode.Usage,
                _ => ExitCode.Failed,
            };
        }
        catch (LabFailure e)
        {
            screen.Error(new ControlError(e.Code, e.Message, e.Remedy));
            return e.Code switch
            {
                "bad-argument" or "bad-folder" or "no-such-guest" or "no-such-part" => ExitCode.Usage,
                "lab-down" or "lab-killed" => ExitCode.NotReachable,
                _ => ExitCode.Failed,
            };
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception e) when (e is (IOException and not OutputFailure) or UnauthorizedAccessException)
        {
            screen.Error(new ControlError("io-error", e.Message, FileErrors.RemedyOf(e)));
            return ExitCode.Failed;
        }
    }

    /// <param name="helpWidth">Where help wraps its lines, in characters; null: at the terminal's edge, and nowhere in a file.</param>
    internal static RootCommand Build(int? helpWidth = null)
    {
        var root = new RootCommand(
            "PCI Express over Ethernet in software: devices of an I/O box, used by other machines' hosts, moved between them by their VLAN.");
        root.Add(SharedOptions.Json);
        var examples = new Dictionary<Command, string>();
        foreach (var (command, text) in Commands())
        {
            root.Add(command);
            examples.Add(command, text);
        }

        examples.Add(root, """
              expether demo                             the whole path on this machine, in half a minute
              expether lab up                           the same with virtual machines of stock Linux, to try things in
              expether io --config examples/io.toml     start an I/O box
              expether host --config examples/host.toml start a host
              expether ls                               functions, who owns them, hosts
              expether attach disk1 host1               give a function to a host

            Exit codes: 0 done, 1 refused or failed, 2 wrong command line or configuration, 3 no daemon reached, 4 no network port,
            141 whatever read stdout has gone.
            """);
        var help = root.Options.OfType<HelpOption>().Single();
        var usual = (HelpAction)help.Action!;
        usual.MaxWidth = helpWidth ?? (usual.MaxWidth > 0 ? usual.MaxWidth : UnsizedWidth); // a terminal may have no size (tty_ioctl(4): 0 columns)
        help.Action = new HelpWithExamples(usual, examples);
        return root;
    }

    private static IEnumerable<(Command Command, string Examples)> Commands() =>
    [
        DemoCommand.Build(),
        LabCommand.Build(),
        IoCommand.Build(),
        HostCommand.Build(),
        KeeperCommand.Build(),
        SwitchCommand.Build(),
        ListCommand.Build(),
        OwnershipCommands.BuildAttach(),
        OwnershipCommands.BuildDetach(),
        OwnershipCommands.BuildMove(),
        NamespaceCommand.Build(),
        ReloadCommand.Build(),
        StatsCommand.Build(),
        TopCommand.Build(),
        TreeCommand.Build(),
        NvmeCommand.Build(),
        CaptureCommand.Build(),
        TlpCommand.Build(),
        KeygenCommand.Build(),
        SimCommand.Build(),
        BenchCommand.Build(),
    ];
}
