namespace ExpEther.Qemu.Tests;

internal sealed class EventList : IEventSink
{
    public List<(EventSeverity Severity, string Source, string Text)> All { get; } = [];

    public void Report(EventSeverity severity, string source, string text) => All.Add((severity, source, text));

    public bool Has(string part) => All.Any(e => e.Text.Contains(part, StringComparison.Ordinal));
}
