namespace ExpEther.Daemon.Tests;

internal sealed class Events : IEventSink
{
    public List<(EventSeverity Severity, string Source, string Text)> All { get; } = [];

    public void Report(EventSeverity severity, string source, string text) => All.Add((severity, source, text));
}
