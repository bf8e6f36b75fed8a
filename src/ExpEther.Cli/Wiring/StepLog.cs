using System.Diagnostics;
using System.Globalization;

namespace ExpEther.Cli.Wiring;

/// <summary>What is done, step by step with the time since its start, on stderr: also under --json, so that programs can follow.</summary>
/// <param name="outputs">Who reads it.</param>
internal sealed class StepLog(params IReadOnlyList<TextWriter> outputs)
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly Lock _lock = new();

    public TimeSpan Elapsed => _watch.Elapsed;

    public void Step(string text)
    {
        lock (_lock)
        {
            foreach (var output in outputs)
            {
                output.WriteLine($"[{_watch.Elapsed.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture),5} s] {text}");
                output.Flush();
            }
        }
    }
}
