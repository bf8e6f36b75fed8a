using System.Globalization;
using System.Text.Json.Nodes;
using ExpEther.Core.Text;

namespace ExpEther.Daemon.Events;

/// <summary>Writes reports to a daemon's log, one safe line each (<see cref="SafeText"/>): text, or JSON objects for programs.</summary>
public sealed class LogSink(TextWriter log, bool isJson) : IEventSink
{
    public void Report(EventSeverity severity, string source, string text)
    {
        var at = DateTimeOffset.Now.ToString("yyyy-MM-ddTHH:mm:ss.fffzzz", CultureInfo.InvariantCulture);
        var word = severity switch
        {
            EventSeverity.Information => "info",
            EventSeverity.Warning => "warning",
            _ => "error",
        };
        log.WriteLine(isJson
            ? new JsonObject { ["time"] = at, ["severity"] = word, ["source"] = source, ["text"] = text }.ToJsonString()
            : $"{at} {word} {SafeText.Line(source)}: {SafeText.Line(text)}");
    }
}
