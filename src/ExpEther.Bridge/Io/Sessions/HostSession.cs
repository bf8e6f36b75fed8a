using ExpEther.Bridge.Protocol;
using ExpEther.Core.Time;
using ExpEther.Link;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Io.Sessions;

/// <summary>One configured host: its link, its IDs on the device bus, and what waits to be told to it. What comes in is handed on.</summary>
internal sealed class HostSession : ILinkConsumer
{
    private readonly Queue<byte[]> _controls = new();
    private readonly ReplyQueue _replies = new();
    private readonly ISessionEvents _listener;

    public HostSession(int index, IoHostOptions host, LinkOptions link, ISessionEvents listener, IRandomSource random, IEventSink events)
    {
        Host = host;
        HostIo = new HostIoRids(index);
        _listener = listener;
        Link = new EtherLink(link, this, random, events);
    }

    public IoHostOptions Host { get; }

    public string Name => Host.Name;

    public EtherLink Link { get; }

    public HostIoRids HostIo { get; }

    public bool IsUp => Link.State == LinkState.Up;

    /// <summary>Its announcement has been heard.</summary>
    public bool IsAnnounced { get; set; }

    public long RepliesDropped => _replies.Dropped;

    public long ControlsDropped { get; private set; }

    public long ControlsUnreadable { get; private set; }

    /// <summary>Is there room for whatever a device sends next?</summary>
    public bool HasRoom => Link.HasRoom(TlpClass.Posted) && Link.HasRoom(TlpClass.Completion) && Link.HasRoom(TlpClass.NonPosted);

    /// <summary>Tells the host bridge something; waits here when the link has no room. Nothing waits while it is down: a new epoch tells all anew.</summary>
    public void Tell(ReadOnlySpan<byte> message)
    {
        if (!IsUp || (_controls.Count == 0 && Link.TrySendControl(message)))
        {
            return;
        }

        if (_controls.Count == IoBridgeLimits.ControlsPerHostMax)
        {
            ControlsDropped++;
            return;
        }

        _controls.Enqueue(message.ToArray());
    }

    /// <summary>Sends a completion or message of the I/O bridge's own making.</summary>
    public void Reply(ushort function, ulong generation, TlpClass c, ReadOnlySpan<byte> tlp)
    {
        if (IsUp)
        {
            _replies.Add(Link, function, generation, c, tlp);
        }
    }

    /// <summary>Moves what waits.</summary>
    public bool Flush()
    {
        var moved = _replies.Flush(Link);
        while (_controls.TryPeek(out var message) && Link.TrySendControl(message))
        {
            _controls.Dequeue();
            moved = true;
        }

        return moved;
    }

    public void OnTlp(EtherLink link, ushort function, ulong generation, ReadOnlySpan<byte> tlp, Instant now) =>
        _listener.OnTlp(this, function, generation, tlp, now);

    public void OnControl(EtherLink link, ReadOnlySpan<byte> message, Instant now)
    {
        if (ControlHeader.TryParse(message, out var header))
        {
            _listener.OnControl(this, header, message, now);
        }
        else
        {
            ControlsUnreadable++;
        }
    }

    public void OnUp(EtherLink link, Instant now)
    {
        HostIo.Clear();
        _listener.OnUp(this, now);
    }

    public void OnDown(EtherLink link, LinkDownReason reason, Instant now)
    {
        _replies.Clear();
        _controls.Clear();
        _listener.OnDown(this, reason, now);
    }
}
