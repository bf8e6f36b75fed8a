using System.CommandLine;
using System.Text.Json.Nodes;
using ExpEther.Backends;
using ExpEther.Cli.Output;
using ExpEther.Daemon.Control;
using ExpEther.Daemon.Events;
using ExpEther.Ethernet.Ports;
using ExpEther.Linux.Files;

namespace ExpEther.Cli.Commands;

/// <summary>
/// What the three daemons' commands share: the log on stderr, the line that says "ready" on stdout, how they end. Neither descriptor can hold
/// up a daemon or end it (<see cref="QueuedLog"/>): hosts' disks do not hang on a full file system of the log.
/// </summary>
internal sealed class DaemonRun
{
    private readonly Screen _screen;
    private readonly bool _exitWithStdin;
    private readonly QueuedLog _log;
    private readonly QueuedLog _output;

    public DaemonRun(ParseResult parsed, Option<bool> exitWithStdin)
    {
        _screen = parsed.Screen();
        _exitWithStdin = parsed.GetValue(exitWithStdin);
        var isJson = _screen.IsJson;
        _log = new QueuedLog(StandardDescriptor.Error, Log)
        {
            LostLine = (lost, why) => LogSink.Line(isJson, EventSeverity.Warning, "log", $"{lost} lines were lost ({why})"),
        }.Start();
        _output = new QueuedLog(StandardDescriptor.Output, Log).Start();
        Events = new LogSink(_log, isJson, Log);
        AppDomain.CurrentDomain.UnhandledException += (_, _) => _log.Finish();
    }

    public LogCounters Log { get; } = new();

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
        finally
        {
            _output.Finish();
            _log.Finish();
        }
    }

    private void Ready(string kind, string name, string path, string port)
    {
        _output.WriteLine(_screen.IsJson
            ? new JsonObject { ["ready"] = kind, ["name"] = name, ["pid"] = Environment.ProcessId, ["socket"] = path, ["port"] = port }.ToJsonString()
            : $"ready: {kind} {name} on {port}, control socket {path}");
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
