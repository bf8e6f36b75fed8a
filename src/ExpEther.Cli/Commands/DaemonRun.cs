using System.CommandLine;
using System.Text.Json.Nodes;
using ExpEther.Backends;
using ExpEther.Cli.Output;
using ExpEther.Daemon.Control;
using ExpEther.Daemon.Events;
using ExpEther.Ethernet.Ports;

namespace ExpEther.Cli.Commands;

/// <summary>What the three daemons' commands share: the log on stderr, the line that says "ready" on stdout, how they end.</summary>
internal sealed class DaemonRun
{
    private readonly Screen _screen;
    private readonly bool _exitWithStdin;

    public DaemonRun(ParseResult parsed, Option<bool> exitWithStdin)
    {
        _screen = parsed.Screen();
        _exitWithStdin = parsed.GetValue(exitWithStdin);
        Events = new LogSink(Console.Error, _screen.IsJson);
    }

    public IEventSink Events { get; }

    public int Run<T>(
        string kind, string name, string? socket, Func<string, T> make, Action<T> run, Action<T> stop, Func<T, string> portOf)
        where T : IDisposable
    {
        try
        {
            var path = Path.GetFullPath(socket ?? ControlPaths.DefaultFor(kind, name));
            using var daemon = make(path);
            if (_exitWithStdin)
            {
                StopWithStdin(() => stop(daemon));
            }

            Ready(kind, name, path, portOf(daemon));
            run(daemon);
            return ExitCode.Ok;
        }
        catch (PortException e)
        {
            _screen.Error(new ControlError("no-port", e.Message, ""));
            return ExitCode.NoPort;
        }
        catch (BackendException e)
        {
            _screen.Error(new ControlError("no-backend", e.Message, ""));
            return ExitCode.Failed;
        }
    }

    private void Ready(string kind, string name, string path, string port)
    {
        Console.Out.WriteLine(_screen.IsJson
            ? new JsonObject { ["ready"] = kind, ["name"] = name, ["pid"] = Environment.ProcessId, ["socket"] = path, ["port"] = port }.ToJsonString()
            : $"ready: {kind} {name} on {port}, control socket {path}");
        Console.Out.Flush();
        ServiceManager.TellReady();
    }

    private static void StopWithStdin(Action stop)
    {
        var watcher = new Thread(() =>
        {
            using var stdin = Console.OpenStandardInput();
            Span<byte> ignored = stackalloc byte[256];
            while (stdin.Read(ignored) > 0)
            {
            }

            stop();
        })
        { IsBackground = true, Name = "stdin" };
        watcher.Start();
    }
}
