using System.Diagnostics;
using System.Text;

namespace ExpEther.Bench.Lab;

/// <summary>A process of a bench: its standard output by lines, its standard error kept for the day it fails. It is ended by closing its stdin.</summary>
internal sealed class Worker : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _said = new();

    private Worker(string name, Process process)
    {
        Name = name;
        _process = process;
        process.ErrorDataReceived += (_, line) =>
        {
            lock (_said)
            {
                _said.AppendLine(line.Data);
            }
        };
        process.BeginErrorReadLine();
    }

    public string Name { get; }

    public int Id => _process.Id;

    /// <exception cref="BenchException">The program cannot be started.</exception>
    public static Worker Start(string name, IReadOnlyList<string> command)
    {
        var start = new ProcessStartInfo(command[0])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        foreach (var argument in command.Skip(1))
        {
            start.ArgumentList.Add(argument);
        }

        try
        {
            return new Worker(name, Process.Start(start)!);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw BenchException.Missing($"{command[0]} cannot be run: {e.Message}", "install it");
        }
    }

    /// <summary>The next line of its standard output.</summary>
    /// <exception cref="BenchException">It ended, or said nothing for too long.</exception>
    public async Task<string> LineAsync(TimeSpan patience, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(patience);
        try
        {
            return await _process.StandardOutput.ReadLineAsync(limit.Token) ?? throw Ended();
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new BenchException($"{Name} said nothing for {patience.TotalSeconds:0} s: {LastWords()}", "look at the load of this machine");
        }
    }

    /// <summary>All of its standard output, to its end.</summary>
    /// <exception cref="BenchException">It failed, or did not end in time.</exception>
    public async Task<string> EndAsync(TimeSpan patience, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(patience);
        try
        {
            var output = await _process.StandardOutput.ReadToEndAsync(limit.Token);
            await _process.WaitForExitAsync(limit.Token);
            return _process.ExitCode == 0 ? output : throw Ended();
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new BenchException($"{Name} did not end within {patience.TotalSeconds:0} s: {LastWords()}", "look at the load of this machine");
        }
    }

    /// <summary>Asks it to end.</summary>
    public void CloseInput()
    {
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
        CloseInput();
        if (!_process.WaitForExit(TimeSpan.FromSeconds(BenchLimits.EndSeconds)))
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private BenchException Ended()
    {
        _process.WaitForExit();
        return new BenchException($"{Name} ended with exit code {_process.ExitCode}: {LastWords()}", "see the message");
    }

    private string LastWords()
    {
        lock (_said)
        {
            var lines = _said.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            return lines.Length == 0 ? "it said nothing" : string.Join(" | ", lines.TakeLast(3));
        }
    }
}
