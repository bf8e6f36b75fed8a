using ExpEther.Bridge.Diagnosis;
using ExpEther.Bridge.Protocol;
using ExpEther.Core.Time;
using ExpEther.Link;
using ExpEther.Link.Announcements;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Io.Sessions;

/// <summary>One configured host: its link, its IDs on the device bus, and what waits to be told to it. What comes in is handed on.</summary>
internal sealed class HostSession : ILinkConsumer
{
    private readonly Queue<byte[]> _controls = new();
    private readonly ReplyQueue _replies = new();
    private readonly SetupWatch _watch = new();
    private readonly TwinWatch _twin = new(IoBridgeLimits.AnnouncementLife);
    private readonly ISessionEvents _listener;
    private readonly IRandomSource _random;
    private readonly IEventSink _events;
    private Announcement? _heard;
    private Instant _heardAt;
    private LinkOptions? _failed;
    private Instant _guestNewsUntil;
    private int _guestNews;

    public HostSession(int index, IoHostOptions host, LinkOptions link, ISessionEvents listener, IRandomSource random, IEventSink events)
    {
        Index = index;
        Host = host;
        HostIo = new HostIoRids(index);
        _listener = listener;
        _random = random;
        _events = events;
        Link = MakeLink(link);
    }

    /// <summary>Its place among the Host_IO.</summary>
    public int Index { get; }

    public IoHostOptions Host { get; private set; }

    public string Name => Host.Name;

    public EtherLink Link { get; private set; }

    public HostIoRids HostIo { get; }

    public bool IsUp => Link.State == LinkState.Up;

    /// <summary>
    /// A bug of ours showed in what was done for this host: its link is not used again, and it gets none until a reload gives it another or the
    /// box restarts. The other hosts go on.
    /// </summary>
    public bool HasFailed => _failed is not null;

    /// <summary>Its announcement has been heard lately.</summary>
    public bool IsAnnounced => _heard is not null;

    /// <summary>Why its link does not come up, as far as it can be known here.</summary>
    public SetupTrouble Trouble { get; private set; }

    public long RepliesDropped => _replies.Dropped;

    public long ControlsDropped { get; private set; }

    public long ControlsUnreadable { get; private set; }

    /// <summary>A control message told now goes at once, or as the next one.</summary>
    public bool HasToldAll => IsUp && _controls.Count == 0;

    /// <summary>Is there room for whatever a device sends next?</summary>
    public bool HasRoom => Link.HasRoom(TlpClass.Posted) && Link.HasRoom(TlpClass.Completion) && Link.HasRoom(TlpClass.NonPosted);

    /// <summary>A link that could take the present one's place: all that may fail about it.</summary>
    public EtherLink MakeLink(LinkOptions options) => new(options, this, _random, _events);

    /// <summary>Ends the epoch in use and goes on with another link, closed as yet.</summary>
    /// <returns>The one before: it still has its good-bye to send, and is the caller's to dispose of.</returns>
    public EtherLink Replace(EtherLink link, Instant now)
    {
        var before = Link;
        before.Close(LinkDownReason.Closed, now);
        link.Tap = before.Tap;
        Link = link;
        _watch.Forget();
        _failed = null;
        return before;
    }

    /// <summary>Fences the host after an exception. What its link holds is left alone; a new link, which stays closed, stands in its place.</summary>
    public void Fail(Exception e, Instant now)
    {
        if (HasFailed)
        {
            return;
        }

        _events.Report(EventSeverity.Defect, Name, $"failed by a bug and is fenced until a reload changes it or the box restarts: {e}");
        _failed = Link.Options;
        var tap = Link.Tap;
        Link = MakeLink(_failed);
        Link.Tap = tap;
        _watch.Forget();
        OnDown(Link, LinkDownReason.Closed, now);
    }

    /// <summary>Sends a function's TLP. False: no room, or the host has just failed.</summary>
    public bool TrySendTlp(ushort function, ulong generation, TlpClass c, ReadOnlySpan<byte> tlp, Instant now)
    {
        try
        {
            return Link.TrySendTlp(function, generation, c, tlp);
        }
        catch (Exception e)
        {
            Fail(e, now);
            return false;
        }
    }

    /// <summary>Other words of the configuration for the same VLAN and MAC.</summary>
    public void Describe(IoHostOptions host)
    {
        Check.That(host.Vlan == Host.Vlan && host.Mac == Host.Mac);
        Host = host;
    }

    public void OnAnnouncement(Announcement heard, Instant now)
    {
        (_heard, _heardAt) = (heard, now);
        _twin.Hear(heard.Incarnation, now);
        if (IsUp && heard.Incarnation != 0 && heard.Incarnation != (uint)Link.PeerIncarnation)
        {
            Link.Doubt(now);
        }
    }

    /// <summary>True at most <see cref="IoBridgeLimits.GuestNewsPerHostAndSecondMax"/> times in a second.</summary>
    public bool MayTellOfGuest(Instant now)
    {
        if (now >= _guestNewsUntil)
        {
            (_guestNewsUntil, _guestNews) = (now + TimeSpan.FromSeconds(1), 0);
        }

        return _guestNews++ < IoBridgeLimits.GuestNewsPerHostAndSecondMax;
    }

    /// <summary>Lets what was heard grow old, and says why no link comes up, once.</summary>
    public void Watch(Instant now)
    {
        if (_heard is not null && now - _heardAt >= IoBridgeLimits.AnnouncementLife)
        {
            _heard = null;
        }

        if (_watch.Look(Link, _heard, now) is { } trouble)
        {
            _events.Report(EventSeverity.Warning, Name, SetupTroubleText.Of(trouble, Name, Link.Options.Sealed));
        }

        if (_twin.TakeReport(now))
        {
            _events.Report(EventSeverity.Warning, Name, SetupTroubleText.Of(SetupTrouble.Duplicate, $"host {Name} ({Host.Mac})", Link.Options.Sealed));
        }

        Trouble = _watch.Trouble == SetupTrouble.None && _twin.IsThere(now) ? SetupTrouble.Duplicate : _watch.Trouble;
    }

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

    /// <summary>Tells the host bridge that a function is not its host's, so that it keeps no slot for it.</summary>
    public void TellForget(string function)
    {
        Span<byte> message = stackalloc byte[ForgetMessage.BytesMax];
        Tell(message[..new ForgetMessage(function).Write(message)]);
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
