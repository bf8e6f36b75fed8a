using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;

namespace ExpEther.Cli.Tests.Lab;

/// <summary>The built executable, run as a user runs it.</summary>
internal static class Expether
{
    public static IReadOnlyList<string> Command => ["dotnet", typeof(CommandLine).Assembly.Location];

    /// <summary>Runs it to its end.</summary>
    public static async Task<Finished> RunAsync(params IReadOnlyList<string> arguments)
    {
        using var running = Start(arguments);
        return await running.EndAsync();
    }

    public static Running Start(params IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(Command[0]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in Command.Skip(1).Concat(arguments))
        {
            start.ArgumentList.Add(argument);
        }

        return new Running(Process.Start(start)!);
    }

    internal sealed record Finished(int Code, string Output, string Error)
    {
        public JsonObject Json => JsonNode.Parse(Output)!.AsObject();
    }

    internal sealed class Running : IDisposable
    {
        private readonly Process _process;
        private readonly StringBuilder _error = new();
        private readonly List<(string Text, TaskCompletionSource<string> Seen)> _awaited = [];
        private readonly Task<string> _output;
        private readonly TaskCompletionSource _errorEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Lock _lock = new();

        public Running(Process process)
        {
            _process = process;
            process.ErrorDataReceived += (_, line) => OnError(line.Data);
            process.BeginErrorReadLine();
            _output = process.StandardOutput.ReadToEndAsync();
        }

        public int Id => _process.Id;

        public bool HasEnded => _process.HasExited;

        public Stream Input => _process.StandardInput.BaseStream;

        /// <summary>Waits for a line on stderr that contains a text; an exception when the process ends before.</summary>
        public Task<string> SeeAsync(string text)
        {
            lock (_lock)
            {
                if (_error.ToString().Split('\n').FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal)) is { } seen)
                {
                    return Task.FromResult(seen);
                }

                var awaited = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
                _awaited.Add((text, awaited));
                return awaited.Task.WaitAsync(TestContext.Current.CancellationToken);
            }
        }

        public void Signal(string name)
        {
            using var kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
            kill.WaitForExit();
        }

        public async Task<Finished> EndAsync()
        {
            CloseInput();
            await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
            await _errorEnded.Task;
            return new Finished(_process.ExitCode, await _output, _error.ToString());
        }

        private void CloseInput()
        {
            try
            {
                _process.StandardInput.Close();
            }
            catch (IOException)
            {
                return; // it has gone, with input unread
            }
        }

        public void Dispose()
        {
            if (!_process.HasExited)
            {
                _process.Kill(entireProcessTree: true);
            }

            _process.Dispose();
        }

        private void OnError(string? line)
        {
            lock (_lock)
            {
                if (line is null)
                {
                    _errorEnded.TrySetResult();
                    _awaited.ForEach(a => a.Seen.TrySetException(new InvalidOperationException($"the process ended before it said '{a.Text}':\n{_error}")));
                    return;
                }

                _error.Append(line).Append('\n');
                foreach (var (_, seen) in _awaited.Where(a => line.Contains(a.Text, StringComparison.Ordinal)))
                {
                    seen.TrySetResult(line);
                }
            }
        }
    }
}
