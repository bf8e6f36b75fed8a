namespace ExpEther.Link.Tests.Network;

public sealed class RecordingSink : IEventSink
{
    public List<string> Lines { get; } = [];

    public void Report(EventSeverity severity, string source, string text) => Lines.Add($"{severity} {source}: {text}");
}
