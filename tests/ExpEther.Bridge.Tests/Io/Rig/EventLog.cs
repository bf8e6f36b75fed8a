namespace ExpEther.Bridge.Tests.Io.Rig;

internal sealed class EventLog : IEventSink
{
    public List<string> Lines { get; } = [];

    /// <summary>Bugs are being planted: what the bridge contains is no failure of the test.</summary>
    public bool ExpectsDefects { get; set; }

    public void Report(EventSeverity severity, string source, string text)
    {
        Lines.Add($"{severity} {source}: {text}");
        Assert.True(severity != EventSeverity.Defect || ExpectsDefects, text);
    }
}
