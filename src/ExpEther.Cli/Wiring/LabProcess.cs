using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace ExpEther.Cli.Wiring;

/// <summary>
/// One process of a laboratory. A shell comes first, in the process's namespaces: it says <c>here</c>, waits for a line, then becomes a daemon by
/// exec, so the process ID is the daemon's and its network can be set up before it starts. Nothing outlives whoever started it, not even when that
/// is killed: a daemon leaves when its stdin is closed, and over a program that does not, the shell stays and ends it (<see cref="StartTied"/>).
/// A process that is never told to go only holds its namespaces.
/// </summary>
internal sealed class LabProcess : IDisposable
{
    private const string Daemon = "exec \"$@\" 2>>\"$0\"";

    // The program has no stdin; whoever waits for the end of ours kills it. A shell reaps its child in `wait` only, so the number is still its own.
    private const string Tied = """
        exec 3<&0; "$@" 2>>"$0" 3<&- </dev/null & it=$!; echo $it
        { read -r end <&3; kill -9 $it; } 2>/dev/null >&2 & watch=$!; exec 3<&-
        wait $it; code=$?; kill $watch 2>/dev/null; exit $code
        """;

    private readonly Process _process;
    private readonly string _log;
    private readonly bool _isTied;
    private bool _isStopping;
    private bool _isDisposed;

    private LabProcess(string name, Process process, string log, bool isTied)
    {
        Name = name;
        _process = process;
        _log = log;
        _isTied = isTied;
        Id = process.Id;
    }

    public string Name { get; }

    /// <summary>Of the daemon; of a tied program from the moment that it was let go.</summary>
    public int Id { get; private set; }

    public bool HasEnded => _process.HasExited;

    public bool EndedUnasked => !_isStopping && _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>A daemon that leaves when its stdin is closed.</summary>
    /// <param name="name">For messages and the log's name.</param>
    /// <param name="prefix">What the shell runs under: unshare, nsenter.</param>
    /// <param name="before">Shell commands between the go and the daemon.</param>
    /// <param name="daemon">The daemon and its arguments.</param>
    /// <param name="folder">Where its log goes.</param>
    public static LabProcess Start(string name, IReadOnlyList<string> prefix, string before, IReadOnlyList<string> daemon, string folder) =>
        Start(name, prefix, $"{before} {Daemon}", daemon, folder, isTied: false);

    /// <summary>Another program, which is killed when its stdin would be closed.</summary>
    /// <inheritdoc cref="Start(string, IReadOnlyList{string}, string, IReadOnlyList{string}, string)"/>
    public static LabProcess StartTied(string name, IReadOnlyList<string> prefix, IReadOnlyList<string> program, string folder) =>
        Start(name, prefix, Tied, program, folder, isTied: true);

    /// <summary>Namespaces without anyone in them.</summary>
    public static LabProcess Hold(string name, IReadOnlyList<string> prefix, string folder) => Start(name, prefix, "", [], folder);

    /// <summary>Waits until the shell is in its namespaces.</summary>
    public async Task HereAsync(CancellationToken cancel)
    {
        if (await _process.StandardOutput.ReadLineAsync(cancel) != "here")
        {
            await _process.WaitForExitAsync(cancel);
            throw new LabFailure(
                "no-namespace", $"namespaces cannot be made here: {(await _process.StandardError.ReadToEndAsync(cancel)).Trim()}", "use --transport udp");
        }
    }

    /// <summary>Lets the program start.</summary>
    public async Task GoAsync(CancellationToken cancel)
    {
        await _process.StandardInput.WriteAsync("go\n".AsMemory(), cancel);
        await _process.StandardInput.FlushAsync(cancel);
        if (_isTied && int.TryParse(await _process.StandardOutput.ReadLineAsync(cancel), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
        {
            Id = id;
        }
    }

    /// <summary>Waits until the daemon says that it is ready.</summary>
    public async Task ReadyAsync(CancellationToken cancel)
    {
        if (await _process.StandardOutput.ReadLineAsync(cancel) is null)
        {
            await _process.WaitForExitAsync(cancel);
            throw new LabFailure(
                _process.ExitCode == Cli.ExitCode.NoPort ? "no-port" : "daemon-ended",
                $"{Name} did not start (exit code {_process.ExitCode}): {LastWords()}", "see the message");
        }
    }

    /// <summary>Waits until the process has ended.</summary>
    public Task EndedAsync(CancellationToken cancel) => _process.WaitForExitAsync(cancel);

    /// <summary>The end of the process's log.</summary>
    public string LastWords()
    {
        try
        {
            var lines = File.Exists(_log) ? File.ReadAllLines(_log) : [];
            var crash = lines.FirstOrDefault(line => line.StartsWith("Unhandled exception", StringComparison.Ordinal));
            return crash ?? (lines.Length == 0 ? "it said nothing" : string.Join(" | ", lines.TakeLast(3)));
        }
        catch (IOException)
        {
            return "its log cannot be read";
        }
    }

    public void AskToStop()
    {
        _isStopping = true;
        try
        {
            _process.StandardInput.Close();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return; // it has gone already
        }
    }

    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        AskToStop();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(LabLimits.EndSeconds)))
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    /// <summary>Runs a short command to its end.</summary>
    public static async Task RunAsync(IReadOnlyList<string> command, string input, CancellationToken cancel)
    {
        using var process = Begin(command);
        await process.StandardInput.WriteAsync(input.AsMemory(), cancel);
        process.StandardInput.Close();
        var said = new StringBuilder(await process.StandardError.ReadToEndAsync(cancel)).Append(await process.StandardOutput.ReadToEndAsync(cancel));
        await process.WaitForExitAsync(cancel);
        if (process.ExitCode != 0)
        {
            throw new LabFailure("no-namespace", $"`{string.Join(' ', command)}` failed: {said.ToString().Trim()}", "use --transport udp");
        }
    }

    private static LabProcess Start(string name, IReadOnlyList<string> prefix, string script, IReadOnlyList<string> program, string folder, bool isTied)
    {
        var log = Path.Combine(folder, $"{name}.log");
        var process = Begin([.. prefix, "sh", "-c", $"echo here; read -r go || exit 0; {script}", log, .. program]);
        return new LabProcess(name, process, log, isTied);
    }

    private static Process Begin(IReadOnlyList<string> command)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(command[0], command.Skip(1))
            {
                RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
            })!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new LabFailure("no-tool", $"{command[0]} cannot be run: {e.Message}", "install util-linux and iproute2, or use --transport udp");
        }
    }
}
