using System.CommandLine;
using ExpEther.Cli.Output;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Commands;

/// <summary>Options that several commands have.</summary>
internal static class SharedOptions
{
    public static readonly Option<bool> Json = new("--json") { Description = "Print one JSON object on stdout.", Recursive = true };

    public static Option<string> Socket() => new("--socket")
    {
        Description = "The daemon's control socket. Default: that of the one daemon that runs.", HelpName = "PATH",
    };

    public static Option<string> Config() => new("--config")
    {
        Description = "The configuration, TOML (docs/configuration.md).", HelpName = "FILE", Required = true,
    };

    public static Option<bool> ExitWithStdin() => new("--exit-with-stdin") { Description = "Leave when stdin is closed: for programs that start daemons." };

    public static Screen Screen(this ParseResult parsed) => new(parsed.GetValue(Json), Console.Out);

    /// <summary>Connects to the daemon that a command is for.</summary>
    public static Task<ControlClient> ConnectAsync(string? socket, CancellationToken cancel, params IReadOnlyList<string> kinds) =>
        ControlLocator.ConnectAsync(socket, kinds, cancel);
}
