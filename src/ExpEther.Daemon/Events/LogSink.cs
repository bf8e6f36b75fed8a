using System.Globalization;
using System.Text.Json.Nodes;
using ExpEther.Core.Text;
using ExpEther.Core.Time;
using ExpEther.Linux.Time;

namespace ExpEther.Daemon.Events;

/// <summary>
/// Writes reports to a daemon's log, one safe line each (<see cref="SafeText"/>): text, or JSON objects for programs. An error that repeats is
/// told once, then at growing intervals with how often it came (<see cref="RepeatLimiter"/>).
/// </summary>
public sealed class LogSink(TextWriter log, bool isJson, LogCounters? counters = null) : IEventSink
{
    private readonly Dictionary<(string Source, string Text), RepeatLimiter> _errors = [];
    private readonly Lock _lock = new();

    public void Report(EventSeverity severity, string source, string text)
    {
        var keptBack = 0L;
        if (severity == EventSeverity.Error && !ShouldTell(source, text, MonotonicClock.Now, out keptBack))
        {
            counters?.OnKeptBack();
            return;
        }

        log.WriteLine(Line(isJson, severity, source, keptBack == 0 ? text : $"{text} ({keptBack} times more since this was told last)"));
    }

    /// <summary>A line of the log as it is now, without its end.</summary>
    public static string Line(bool isJson, EventSeverity severity, string source, string text)
    {
        var at = DateTimeOffset.Now.ToString("yyyy-MM-ddTHH:mm:ss.fffzzz", CultureInfo.InvariantCulture);
        var word = severity switch
        {
            EventSeverity.Information => "info",
            EventSeverity.Warning => "warning",
            _ => "error",
        };
        return isJson
            ? new JsonObject { ["time"] = at, ["severity"] = word, ["source"] = source, ["text"] = text }.ToJsonString()
            : $"{at} {word} {SafeText.Line(source)}: {SafeText.Line(severity == EventSeverity.Defect ? OnOneLine(text) : text)}";
    }

    /// <summary>A stack, frame after frame: it is our own text, whose line ends mean no harm.</summary>
    private static string OnOneLine(string text) =>
        string.Join(" | ", text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    private bool ShouldTell(string source, string text, Instant now, out long keptBack)
    {
        lock (_lock)
        {
            if (!_errors.TryGetValue((source, text), out var limiter))
            {
                if (_errors.Count == LogLimits.ErrorsKnownMax)
                {
                    _errors.Remove(_errors.MinBy(e => e.Value.Last).Key);
                }

                _errors.Add((source, text), limiter = new RepeatLimiter(LogLimits.RepeatShortest, LogLimits.RepeatLongest));
            }

            return limiter.ShouldTell(now, out keptBack);
        }
    }
}
