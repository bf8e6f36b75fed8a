using System.Text.Json.Nodes;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Daemon.Load;
using ExpEther.Daemon.Loop;
using ExpEther.Link;
using ExpEther.Link.Ethernet;
using ExpEther.Linux.Time;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bench.Ends;

/// <summary>
/// One end of a bare link on an owner loop: no bridge, no device. The answering end sends every TLP back; the asking end sends the next one when the
/// last is back. What is between the two is what a TLP costs before anybody looks at it.
/// </summary>
internal sealed class EchoEnd : IOwnedPart, ILinkConsumer, IDisposable
{
    private readonly EtherLink _link;
    private readonly OwnerScheduler _scheduler;
    private LatencyHistogram _latencies = new();
    private byte[] _tlp = [];
    private Instant _sentAt;
    private Instant _until;
    private TaskCompletionSource? _ended;

    public EchoEnd(LinkOptions options, OwnerScheduler scheduler, IRandomSource random, IEventSink events)
    {
        _scheduler = scheduler;
        _link = new EtherLink(options, this, random, events);
        _link.Open(MonotonicClock.Now);
    }

    public MacAddress Mac => _link.Options.Local;

    public Instant? NextDeadline => _link.NextDeadline;

    public bool IsUp => _link.State == LinkState.Up;

    public FrameTrust OnFrame(in ReceivedFrame frame, Instant now) => _link.OnFrame(frame, now);

    public bool TryTakeFrame(Instant now, Span<byte> into, out int written) => _link.TryTakeFrame(now, into, out written);

    public bool Poll(Instant now)
    {
        _link.OnTime(now);
        return false;
    }

    public void Close(Instant now) => _link.Close(LinkDownReason.Closed, now);

    /// <summary>Sends a TLP round and round.</summary>
    /// <param name="bytes">Of the TLP.</param>
    /// <param name="duration">How long.</param>
    /// <returns>Operations and latencies; null: the link is not up, or went down.</returns>
    public async Task<JsonObject?> RunAsync(int bytes, TimeSpan duration)
    {
        if (!IsUp || _ended is not null)
        {
            return null;
        }

        _tlp = new byte[bytes];
        _latencies = new LatencyHistogram();
        _ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var started = MonotonicClock.Now;
        _until = started + duration;
        Send(started);
        await _ended.Task;
        _ended = null;
        return IsUp ? LoadReport.Of(_latencies, started, _scheduler.Now) : null;
    }

    public void OnTlp(EtherLink link, ushort function, ulong generation, ReadOnlySpan<byte> tlp, Instant now)
    {
        if (link.Options.Role == LinkRole.Responder)
        {
            Check.That(link.TrySendTlp(function, generation, TlpClass.Posted, tlp));
            return;
        }

        if (_ended is null)
        {
            return;
        }

        var back = MonotonicClock.Now;
        _latencies.Record(back.Nanoseconds - _sentAt.Nanoseconds);
        if (back < _until)
        {
            Send(back);
        }
        else
        {
            _ended.TrySetResult();
        }
    }

    public void OnControl(EtherLink link, ReadOnlySpan<byte> message, Instant now)
    {
    }

    public void OnUp(EtherLink link, Instant now)
    {
    }

    public void OnDown(EtherLink link, LinkDownReason reason, Instant now) => _ended?.TrySetResult();

    public void Dispose() => _link.Dispose();

    private void Send(Instant now)
    {
        _sentAt = now;
        Check.That(_link.TrySendTlp(0, 0, TlpClass.Posted, _tlp));
    }
}
