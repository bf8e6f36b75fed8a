using ExpEther.Bridge.Io.Ownership;
using ExpEther.Bridge.Io.Status;
using ExpEther.Core.Time;
using ExpEther.Link;
using ExpEther.Link.Announcements;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Taps;

namespace ExpEther.Bridge.Io.Sessions;

/// <summary>
/// One link per configured host. A link is opened at the start and again when it was closed and the host announces itself; hosts that
/// announce themselves and are not configured are only listed.
/// </summary>
internal sealed class HostSessions
{
    private readonly ISessionEvents _listener;
    private readonly IRandomSource _random;
    private readonly IEventSink _events;
    private readonly List<HostSession> _sessions = [];
    private readonly Queue<EtherLink> _leaving = new();
    private readonly Dictionary<(MacAddress, VlanId), HostSession> _byPeer = [];
    private readonly Dictionary<(MacAddress, VlanId), DiscoveredHost> _strangers = [];
    private IoBridgeOptions _options;
    private int _nextIndex;
    private Instant _nextLook;
    private bool _isOpen;
    private int _turn;
    private int _framesThisTurn;

    public HostSessions(IoBridgeOptions options, ISessionEvents listener, IRandomSource random, IEventSink events)
    {
        Check.That(options.Hosts.Count <= IoBridgeLimits.HostsMax);
        _options = options;
        _listener = listener;
        _random = random;
        _events = events;
        foreach (var host in options.Hosts)
        {
            Join(Make(host));
        }
    }

    public IReadOnlyList<HostSession> All => _sessions;

    public IReadOnlyCollection<DiscoveredHost> Strangers => _strangers.Values;

    /// <summary>That of every link, those still to come included.</summary>
    public ITlpTap? Tap
    {
        get;
        set
        {
            field = value;
            foreach (var session in _sessions)
            {
                session.Link.Tap = value;
            }
        }
    }

    /// <summary>Frames for another station, or from nobody that is configured.</summary>
    public long FramesNotOurs { get; private set; }

    /// <summary>Announcements of hosts for which the list of strangers had no room.</summary>
    public long StrangersNotListed { get; private set; }

    public Instant? NextDeadline
    {
        get
        {
            Instant? earliest = _leaving.Count > 0 ? Instant.Zero : null;
            foreach (var session in _sessions)
            {
                earliest = Instant.Earliest(earliest, session.Link.NextDeadline);
            }

            return earliest;
        }
    }

    public HostSession? Find(string name)
    {
        foreach (var session in _sessions)
        {
            if (session.Name == name)
            {
                return session;
            }
        }

        return null;
    }

    public HostSession? Find(VlanId vlan, MacAddress mac) => _byPeer.GetValueOrDefault((mac, vlan));

    /// <summary>The owner's name, or its identity when it is no longer configured.</summary>
    public string NameOf(OwnershipRecord owner) => NameOf(owner.Owner);

    /// <inheritdoc cref="NameOf(OwnershipRecord)"/>
    public string NameOf(HostIdentity owner) => Find(owner.Vlan, owner.Mac)?.Name ?? $"{owner.Vlan}/{owner.Mac}";

    public void Open(Instant now)
    {
        _isOpen = true;
        foreach (var session in _sessions)
        {
            session.Link.Open(now);
        }
    }

    public void Close(LinkDownReason reason, Instant now)
    {
        foreach (var session in _sessions)
        {
            session.Link.Close(reason, now);
        }
    }

    /// <summary>
    /// A session that could join: all that may fail about it. Places among the Host_IO go round, so that one is used again as late as can be:
    /// a device may still answer what a host asked that is gone.
    /// </summary>
    public HostSession Make(IoHostOptions host)
    {
        Check.That(_sessions.Count < IoBridgeLimits.HostsMax);
        while (_sessions.Exists(s => s.Index == _nextIndex))
        {
            _nextIndex = NextIndex;
        }

        var index = _nextIndex;
        _nextIndex = NextIndex;
        return new HostSession(index, host, LinkTo(host), _listener, _random, _events);
    }

    public void Join(HostSession session, Instant? now = null)
    {
        _byPeer.Add((session.Host.Mac, session.Host.Vlan), session);
        _sessions.Add(session);
        _strangers.Remove((session.Host.Mac, session.Host.Vlan));
        session.Link.Tap = Tap;
        if (_isOpen && now is { } at)
        {
            session.Link.Open(at);
        }
    }

    /// <summary>Ends a host's link, tells it so, and forgets it.</summary>
    public void Leave(HostSession session, Instant now)
    {
        session.Link.Close(LinkDownReason.Closed, now);
        Check.That(_sessions.Remove(session) && _byPeer.Remove((session.Host.Mac, session.Host.Vlan)));
        _leaving.Enqueue(session.Link);
        (_turn, _framesThisTurn) = (0, 0);
    }

    /// <summary>The same host from now on under another key: the good-bye goes under the old one.</summary>
    public void Rekey(HostSession session, EtherLink link, Instant now)
    {
        _leaving.Enqueue(session.Replace(link, now));
        if (_isOpen)
        {
            link.Open(now);
        }
    }

    /// <summary>Other times of silence; links that are up stay so.</summary>
    public void ChangeTimes(TimeSpan linkDead, TimeSpan pathSilent)
    {
        _options = _options with { LinkDead = linkDead, PathSilent = pathSilent };
        foreach (var session in _sessions)
        {
            session.Link.ChangeTimes(linkDead, pathSilent);
        }
    }

    /// <returns>How far it proves its sender.</returns>
    public FrameTrust OnFrame(in ReceivedFrame frame, Instant now)
    {
        if (frame.Destination == MacAddress.Broadcast || FrameDemux.IsAnnouncement(frame))
        {
            OnAnnouncement(Announcement.TryParse(frame), now);
            return FrameTrust.None;
        }

        if (frame.Destination == _options.Mac && _byPeer.TryGetValue((frame.Source, frame.Vlan), out var session))
        {
            return Take(session, frame, now);
        }

        FramesNotOurs++;
        return FrameTrust.None;
    }

    /// <summary>Links take turns, each a few frames.</summary>
    public bool TryTakeFrame(Instant now, Span<byte> into, out int written)
    {
        while (_leaving.TryPeek(out var link))
        {
            if (link.TryTakeFrame(now, into, out written))
            {
                return true;
            }

            _leaving.Dequeue().Dispose();
        }

        for (var i = 0; i <= _sessions.Count; i++)
        {
            if (_framesThisTurn < IoBridgeLimits.FramesPerLinkAndTurnMax && _sessions.Count > 0 && TryTakeFrame(_sessions[_turn], now, into, out written))
            {
                _framesThisTurn++;
                return true;
            }

            _turn = _turn + 1 < _sessions.Count ? _turn + 1 : 0;
            _framesThisTurn = 0;
        }

        written = 0;
        return false;
    }

    public bool Poll(Instant now)
    {
        var moved = false;
        foreach (var session in _sessions)
        {
            moved |= Move(session, now);
        }

        if (now >= _nextLook)
        {
            _nextLook = now + IoBridgeLimits.LookInterval;
            Look(now);
        }

        return moved;
    }

    // What goes wrong by a bug in one of these three ends that host's session and no other.
    private static FrameTrust Take(HostSession session, in ReceivedFrame frame, Instant now)
    {
        try
        {
            return session.Link.OnFrame(frame, now);
        }
        catch (Exception e)
        {
            session.Fail(e, now);
            return FrameTrust.None;
        }
    }

    private static bool TryTakeFrame(HostSession session, Instant now, Span<byte> into, out int written)
    {
        try
        {
            return session.Link.TryTakeFrame(now, into, out written);
        }
        catch (Exception e)
        {
            session.Fail(e, now);
            written = 0;
            return false;
        }
    }

    private static bool Move(HostSession session, Instant now)
    {
        try
        {
            session.Link.OnTime(now);
            return session.Flush();
        }
        catch (Exception e)
        {
            session.Fail(e, now);
            return true;
        }
    }

    private void OnAnnouncement(Announcement? heard, Instant now)
    {
        if (heard is null)
        {
            FramesNotOurs++;
            return;
        }

        if (_byPeer.TryGetValue((heard.Source, heard.Vlan), out var session))
        {
            session.OnAnnouncement(heard, now);
            // Not before the box has found its devices: a link that comes up sooner has no functions to present, and nothing asks again.
            if (_isOpen && session is { HasFailed: false, Link.State: LinkState.Closed })
            {
                session.Link.Open(now);
            }

            return;
        }

        // Anybody can announce any number of hosts: they push none off the list that is heard. It ages by itself.
        if (_strangers.Count == IoBridgeLimits.StrangersMax && !_strangers.ContainsKey((heard.Source, heard.Vlan)))
        {
            StrangersNotListed++;
            return;
        }

        _strangers[(heard.Source, heard.Vlan)] = new DiscoveredHost(heard.Name, heard.Vlan, heard.Source, now);
    }

    private int NextIndex => (_nextIndex + 1) % IoBridgeLimits.HostsMax;

    /// <summary>What is slow: troubles of set-up, announcements that have grown old.</summary>
    private void Look(Instant now)
    {
        foreach (var session in _sessions)
        {
            session.Watch(now);
        }

        foreach (var (peer, stranger) in _strangers)
        {
            if (now - stranger.LastHeard >= IoBridgeLimits.AnnouncementLife)
            {
                _strangers.Remove(peer);
            }
        }
    }

    public LinkOptions LinkTo(IoHostOptions host) => new()
    {
        Local = _options.Mac,
        Peer = host.Mac,
        Vlan = host.Vlan,
        Role = LinkRole.Initiator,
        EtherType = _options.EtherType,
        MtuBytes = _options.MtuBytes,
        Sealed = _options.Sealed,
        PreSharedKey = host.KeyOfPair(_options.Mac),
        Incarnation = _options.Incarnation,
        Ciphers = _options.Ciphers,
        LinkDead = _options.LinkDead,
        PathSilent = _options.PathSilent,
        LocalName = _options.Name,
        Stages = _options.Stages,
    };
}
