namespace ExpEther.RootComplex.Tests.Fabric;

internal sealed class CollectedEvents : IEventSink
{
    public List<string> Texts { get; } = [];

    public void Report(EventSeverity severity, string source, string text) => Texts.Add(text);
}
