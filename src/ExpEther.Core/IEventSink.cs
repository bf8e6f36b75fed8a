namespace ExpEther.Core;

/// <summary>
/// Where the pure projects report what an operator should know (a link down, a fenced function, an AER error). Rare by design: what
/// happens per TLP or per frame is counted, not reported. The daemon turns reports into log lines, tests collect them.
/// </summary>
public interface IEventSink
{
    /// <param name="severity">How much it matters.</param>
    /// <param name="source">Which part speaks, as the user named it: a host, a box, a function.</param>
    /// <param name="text">One sentence.</param>
    void Report(EventSeverity severity, string source, string text);
}
