using ExpEther.Core.Time;

namespace ExpEther.Link.Tests.Network;

/// <summary>One end of a link under test, with its recorder.</summary>
public sealed class LinkEnd
{
    private readonly byte[] _frame;

    public LinkEnd(LinkOptions options, IRandomSource random)
    {
        Link = new EtherLink(options, Consumer, random, Events);
        _frame = new byte[options.MtuBytes + 18];
    }

    public RecordingConsumer Consumer { get; } = new();

    public RecordingSink Events { get; } = new();

    public EtherLink Link { get; }

    /// <summary>Lets timers run and sends all there is.</summary>
    public bool Turn(SeededNetwork network, Instant now)
    {
        Link.OnTime(now);
        var sent = false;
        while (Link.TryTakeFrame(now, _frame, out var written))
        {
            network.Send(_frame.AsSpan(0, written), now);
            sent = true;
        }

        return sent;
    }
}
