using ExpEther.Core.Time;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Hosts;

/// <summary>
/// Reports an error at one of the switch's ports the way AER does: in the port's registers, by an ERR_* message if software enabled it,
/// and to the operator, at most once a second per port.
/// </summary>
internal sealed class PortErrors(BridgePortConfig port, UpwardQueue upward, IEventSink events, string source)
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    private Instant _nextReport;
    private long _unreported;

    /// <param name="error">As AER names it.</param>
    /// <param name="tlp">The offending TLP.</param>
    /// <param name="why">What was wrong, for the operator; a constant.</param>
    /// <param name="advisory">A non-posted request's error that its requester learns from the completion (PCIe 5.0 §6.2.3.2.4.1).</param>
    /// <param name="now">The owner's time.</param>
    public void Report(UncorrectableError error, ReadOnlySpan<byte> tlp, string why, bool advisory, Instant now)
    {
        if (port.Aer.Report(error, tlp, advisory) is { } code)
        {
            upward.Send(new Message(port.Rid, code, MessageRouting.ToRootComplex));
        }

        if (now < _nextReport)
        {
            _unreported++;
            return;
        }

        var more = _unreported == 0 ? "" : $" ({_unreported} more were not reported)";
        events.Report(EventSeverity.Warning, source, $"{error}: {why}{more}");
        _nextReport = now + ReportInterval;
        _unreported = 0;
    }
}
