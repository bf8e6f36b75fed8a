using System.Diagnostics;
using System.Text;

namespace ExpEther.Cli.Wiring;

/// <summary>
/// One daemon of a laboratory. A shell comes first, in the daemon's namespaces: it says <c>here</c>, waits for a line, then becomes the
/// daemon by exec, so the process ID is the daemon's and its network can be set up before it starts. The daemon leaves when its stdin is
/// closed, which happens even if whoever started it is killed.
/// </summary>
internal sealed class LabProcess : IDisposable
{
    private readonly Process _process;
    private readonly string _log;
    private bool _isStopping;

    private LabProcess(string name, Process process, string log)
    {
        Name = name;
        _process = process;
        _log = log;
    }

    public string Name { get; }

    public int Id => _process.Id;

    public bool HasEnded => _process.HasExited;

    public bool EndedUnasked => !_isStopping && _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <param name="name">For messages and the log's name.</param>
    /// <param name="prefix">What the shell runs under: unshare, nsenter.</param>
    /// <param name="before">Shell commands between the go and the daemon.</param>
    /// <param name="daemon">The daemon and its arguments.</param>
    /// <param name="folder">Where its log goes.</param>
    public static LabProcess Start(string name, IReadOnlyList<string> prefix, string before, IReadOnlyList<string> daemon, string folder)
    {
        var log = Path.Combine(folder, $"{name}.log");
        var start = new ProcessStartInfo
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        List<string> command = [.. prefix, "sh", "-c", $"echo here; read -r go || exit 0; {before} exec \"$@\" 2>\"$0\"", log, .. daemon];
        start.FileName = command[0];
        foreach (var argument in command.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        try
        {
            return new LabProcess(name, Process.Start(start)!, log);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new LabFailure("no-tool", $"{command[0]} cannot be run: {e.Message}", "install util-linux and iproute2, or use --transport udp");
        }
    }

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

    /// <summary>Lets the daemon start.</summary>
    public async Task GoAsync(CancellationToken cancel)
    {
        await _process.StandardInput.WriteAsync("go\n".AsMemory(), cancel);
        await _process.StandardInput.FlushAsync(cancel);
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

    /// <summary>Waits until the daemon has ended.</summary>
    public Task EndedAsync(CancellationToken cancel) => _process.WaitForExitAsync(cancel);

    /// <summary>The end of the daemon's log.</summary>
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
        catch (IOException)
        {
            return; // it has gone already
        }
    }

    public void Dispose()
    {
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
        var start = new ProcessStartInfo(command[0])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        foreach (var argument in command.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new LabFailure("no-tool", $"{command[0]} cannot be run: {e.Message}", "install util-linux and iproute2, or use --transport udp");
        }

        using (process)
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), cancel);
            process.StandardInput.Close();
            var said = new StringBuilder(await process.StandardError.ReadToEndAsync(cancel)).Append(await process.StandardOutput.ReadToEndAsync(cancel));
            await process.WaitForExitAsync(cancel);
            if (process.ExitCode != 0)
            {
                throw new LabFailure("no-namespace", $"`{string.Join(' ', command)}` failed: {said.ToString().Trim()}", "use --transport udp");
            }
        }
    }
}
