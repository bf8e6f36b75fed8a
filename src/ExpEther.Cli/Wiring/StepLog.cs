using System.Diagnostics;
using System.Globalization;

namespace ExpEther.Cli.Wiring;

/// <summary>What is done, step by step with the time since its start, on stderr: also under --json, so that programs can follow.</summary>
internal sealed class StepLog(TextWriter output)
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly Lock _lock = new();

    public TimeSpan Elapsed => _watch.Elapsed;

    public void Step(string text)
    {
        lock (_lock)
        {
            output.WriteLine($"[{_watch.Elapsed.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture),5} s] {text}");
            output.Flush();
        }
    }
}
