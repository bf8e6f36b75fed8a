namespace ExpEther.Bridge.Tests.Hosts;

/// <summary>Collects what the parts report to the operator.</summary>
internal sealed class EventList : IEventSink
{
    public List<(EventSeverity Severity, string Source, string Text)> Events { get; } = [];

    public void Report(EventSeverity severity, string source, string text) => Events.Add((severity, source, text));
}
