using ExpEther.Core.Time;

namespace ExpEther.Link.Tests.Network;

/// <summary>Keeps what a link delivers, epoch by epoch, and what it says about itself.</summary>
public sealed class RecordingConsumer : ILinkConsumer
{
    public List<(ushort Function, ulong Generation, byte[] Bytes)> Delivered { get; } = [];

    public List<byte[]> Hints { get; } = [];

    public List<(LinkDownReason Reason, Instant At)> Downs { get; } = [];

    public List<Instant> Ups { get; } = [];

    public Action<EtherLink, byte[], Instant>? TlpSeen { get; set; }

    public Action<EtherLink, Instant>? UpSeen { get; set; }

    public Action<EtherLink, Instant>? DownSeen { get; set; }

    /// <summary>True between OnUp and OnDown; a delivery outside of it is a failure.</summary>
    public bool IsUp { get; private set; }

    public bool WasCalledWhileDown { get; private set; }

    public void OnTlp(EtherLink link, ushort function, ulong generation, ReadOnlySpan<byte> tlp, Instant now)
    {
        WasCalledWhileDown |= !IsUp;
        var bytes = tlp.ToArray();
        Delivered.Add((function, generation, bytes));
        TlpSeen?.Invoke(link, bytes, now);
    }

    /// <summary>Recorded among the TLPs, function FFFFh, so that their common order is seen.</summary>
    public void OnControl(EtherLink link, ReadOnlySpan<byte> message, Instant now)
    {
        WasCalledWhileDown |= !IsUp;
        Delivered.Add((0xFFFF, 0, message.ToArray()));
    }

    public void OnHint(EtherLink link, ReadOnlySpan<byte> hint, Instant now) => Hints.Add(hint.ToArray());

    public void OnUp(EtherLink link, Instant now)
    {
        WasCalledWhileDown |= IsUp;
        IsUp = true;
        Ups.Add(now);
        UpSeen?.Invoke(link, now);
    }

    public void OnDown(EtherLink link, LinkDownReason reason, Instant now)
    {
        WasCalledWhileDown |= !IsUp;
        IsUp = false;
        Downs.Add((reason, now));
        DownSeen?.Invoke(link, now);
    }
}
