namespace ExpEther.Nvme.Tests.Host;

internal sealed class EventList : IEventSink
{
    public List<string> Texts { get; } = [];

    public void Report(EventSeverity severity, string source, string text) => Texts.Add($"{severity} {source}: {text}");
}
