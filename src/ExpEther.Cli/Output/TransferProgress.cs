using System.Diagnostics;
using System.Text.Json.Nodes;

namespace ExpEther.Cli.Output;

/// <summary>How far a transfer is, on stderr: rewritten in place on a terminal, a line per second elsewhere.</summary>
internal sealed class TransferProgress(string verb)
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly bool _isTerminal = !Console.IsErrorRedirected;
    private TimeSpan _next = TimeSpan.FromSeconds(1);
    private bool _wasShown;

    public void Update(JsonObject progress)
    {
        if (!_isTerminal && _watch.Elapsed < _next)
        {
            return;
        }

        _next = _watch.Elapsed + TimeSpan.FromSeconds(1);
        Write($"{verb} {JsonText.Size(progress.Count("bytes"))} of {JsonText.Size(progress.Count("of"))}", progress.Count("bytes"));
    }

    public void Done(long bytes)
    {
        Write($"{verb} {JsonText.Size(bytes)}", bytes);
        if (_isTerminal && _wasShown)
        {
            Console.Error.WriteLine();
        }
    }

    private void Write(string text, long bytes)
    {
        _wasShown = true;
        var line = $"{text}, {bytes / 1e6 / Math.Max(_watch.Elapsed.TotalSeconds, 1e-6):0.0} MB/s";
        if (_isTerminal)
        {
            Terminal.BareError.Write($"\r{line,-70}");
        }
        else
        {
            Console.Error.WriteLine(line);
        }
    }
}
