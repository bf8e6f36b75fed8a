namespace ExpEther.Bridge.Tests.Io.Rig;

internal sealed class EventLog : IEventSink
{
    public List<string> Lines { get; } = [];

    public void Report(EventSeverity severity, string source, string text) => Lines.Add($"{severity} {source}: {text}");
}
