#pragma warning disable CA1822
using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Link;

/// <summary>A reliable, ordered, sealed link to one peer in one VLAN.</summary>
public sealed class EtherLink
{
    public EtherLink(LinkOptions options, ILinkConsumer consumer, IRandomSource random, IEventSink events)
    {
        Options = options;
        _ = (consumer, random, events);
    }

    public LinkOptions Options { get; }

    public LinkState State { get; private set; }

    /// <summary>The epoch in use, 0 when there is none.</summary>
    public uint Epoch { get; private set; }

    /// <summary>The peer's name as it told it in set-up; empty before.</summary>
    public string PeerName { get; private set; } = "";

    /// <summary>The largest TLP payload both sides' MTU allows: a power of two, 128 to 4096. A guess from our own MTU before set-up.</summary>
    public int MaxPayloadBytes { get; private set; } = 1024;

    public LinkCounters Counters { get; } = new();

    /// <summary>When <see cref="OnTime"/> or <see cref="TryTakeFrame"/> has something to do by itself; null: only a frame or a send can give it work.</summary>
    public Instant? NextDeadline => null;

    /// <summary>Starts set-up (initiator) or listens for it (responder).</summary>
    public void Open(Instant now) => State = LinkState.Connecting;

    /// <summary>Ends the epoch, tells the peer by RESET (take it with <see cref="TryTakeFrame"/>) and stays closed until <see cref="Open"/>.</summary>
    public void Close(LinkDownReason reason, Instant now) => State = LinkState.Closed;

    /// <summary>Takes a frame that has come in. Whatever does not belong here is dropped and counted by its reason.</summary>
    public void OnFrame(in ReceivedFrame frame, Instant now) => Counters.CountDrop(FrameDrop.NotOpen);

    /// <summary>Lets timers run: retransmission, keep-alive, silence, death.</summary>
    public void OnTime(Instant now)
    {
    }

    /// <summary>Writes the next frame to send: destination, source, 802.1Q tag, EtherType, payload.</summary>
    /// <param name="now">The owner's time.</param>
    /// <param name="into">At least the MTU and 18 bytes.</param>
    /// <param name="written">Bytes written.</param>
    /// <returns>False when there is nothing to send now.</returns>
    public bool TryTakeFrame(Instant now, Span<byte> into, out int written)
    {
        written = 0;
        return false;
    }

    /// <summary>Is there room for one TLP of the largest size of this class? False unless the link is up.</summary>
    public bool HasRoom(TlpClass c) => false;

    /// <summary>Queues a TLP. Non-posted requests wait aside for credit; posted ones and completions overtake them there.</summary>
    /// <returns>False: no room, or the link is not up.</returns>
    public bool TrySendTlp(ushort function, ulong generation, TlpClass c, ReadOnlySpan<byte> tlp) => false;

    /// <summary>Queues a control message of at most <see cref="LinkLimits.ControlBytesMax"/> bytes, in order with posted TLPs.</summary>
    /// <returns>False: no room, or the link is not up.</returns>
    public bool TrySendControl(ReadOnlySpan<byte> message) => false;

    /// <summary>Sends a hint with the next frame, once; a newer one replaces it.</summary>
    public void SendHint(ReadOnlySpan<byte> hint)
    {
    }

    /// <summary>True when nothing was heard for <see cref="LinkOptions.PathSilent"/>.</summary>
    public bool IsSilent(Instant now) => false;
}
