using ExpEther.Core.Time;

namespace ExpEther.Link;

/// <summary>
/// Who stands behind a link. Called from inside <see cref="EtherLink.OnFrame"/>, <see cref="EtherLink.OnTime"/> and
/// <see cref="EtherLink.Close"/>; it may send on the link from there. Spans are valid during the call only.
/// </summary>
public interface ILinkConsumer
{
    /// <summary>A TLP has arrived; it must be sunk at once. Bytes of an authentic peer, but not checked to be a TLP.</summary>
    /// <param name="link">Where it came from.</param>
    /// <param name="function">The function it belongs to.</param>
    /// <param name="generation">Of the function's assignment, as its sender knows it.</param>
    /// <param name="tlp">The whole TLP.</param>
    /// <param name="now">The owner's time.</param>
    void OnTlp(EtherLink link, ushort function, ulong generation, ReadOnlySpan<byte> tlp, Instant now);

    /// <summary>A control message, in order with the posted TLPs around it.</summary>
    void OnControl(EtherLink link, ReadOnlySpan<byte> message, Instant now);

    /// <summary>A hint: may be lost, repeated or late; nothing may depend on it.</summary>
    void OnHint(EtherLink link, ReadOnlySpan<byte> hint, Instant now)
    {
    }

    /// <summary>A new epoch has begun.</summary>
    void OnUp(EtherLink link, Instant now);

    /// <summary>The epoch has ended; nothing of it is delivered after this, and what was not yet delivered never will be.</summary>
    void OnDown(EtherLink link, LinkDownReason reason, Instant now);
}
