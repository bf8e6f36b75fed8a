using ExpEther.Bridge.Io.Ownership;
using ExpEther.Bridge.Io.Status;
using ExpEther.Core.Time;
using ExpEther.Link;
using ExpEther.Link.Announcements;
using ExpEther.Link.Ethernet;

namespace ExpEther.Bridge.Io.Sessions;

/// <summary>
/// One link per configured host. A link is opened at the start and again when it was closed and the host announces itself; hosts that
/// announce themselves and are not configured are only listed.
/// </summary>
internal sealed class HostSessions
{
    private readonly IoBridgeOptions _options;
    private readonly HostSession[] _sessions;
    private readonly Dictionary<(MacAddress, VlanId), HostSession> _byPeer = [];
    private readonly Dictionary<(MacAddress, VlanId), DiscoveredHost> _strangers = [];
    private int _turn;
    private int _framesThisTurn;

    public HostSessions(IoBridgeOptions options, ISessionEvents listener, IRandomSource random, IEventSink events)
    {
        Check.That(options.Hosts.Count <= IoBridgeLimits.HostsMax);
        _options = options;
        _sessions = new HostSession[options.Hosts.Count];
        for (var i = 0; i < _sessions.Length; i++)
        {
            var host = options.Hosts[i];
            _sessions[i] = new HostSession(i, host, LinkTo(host), listener, random, events);
            _byPeer.Add((host.Mac, host.Vlan), _sessions[i]);
        }
    }

    public IReadOnlyList<HostSession> All => _sessions;

    public IReadOnlyCollection<DiscoveredHost> Strangers => _strangers.Values;

    /// <summary>Frames for another station, or from nobody that is configured.</summary>
    public long FramesNotOurs { get; private set; }

    public Instant? NextDeadline
    {
        get
        {
            Instant? earliest = null;
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
    public string NameOf(OwnershipRecord owner) => Find(owner.Vlan, owner.Mac)?.Name ?? $"{owner.Vlan}/{owner.Mac}";

    public void Open(Instant now)
    {
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

    public void OnFrame(in ReceivedFrame frame, Instant now)
    {
        if (frame.Destination == MacAddress.Broadcast || FrameDemux.IsAnnouncement(frame))
        {
            OnAnnouncement(Announcement.TryParse(frame), now);
        }
        else if (frame.Destination == _options.Mac && _byPeer.TryGetValue((frame.Source, frame.Vlan), out var session))
        {
            session.Link.OnFrame(frame, now);
        }
        else
        {
            FramesNotOurs++;
        }
    }

    /// <summary>Links take turns, each a few frames.</summary>
    public bool TryTakeFrame(Instant now, Span<byte> into, out int written)
    {
        for (var i = 0; i <= _sessions.Length; i++)
        {
            if (_framesThisTurn < IoBridgeLimits.FramesPerLinkAndTurnMax && _sessions.Length > 0
                && _sessions[_turn].Link.TryTakeFrame(now, into, out written))
            {
                _framesThisTurn++;
                return true;
            }

            _turn = _turn + 1 < _sessions.Length ? _turn + 1 : 0;
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
            session.Link.OnTime(now);
            moved |= session.Flush();
        }

        return moved;
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
            session.IsAnnounced = true;
            if (session.Link.State == LinkState.Closed)
            {
                session.Link.Open(now);
            }

            return;
        }

        // A full list forgets whom it has not heard for longest.
        if (_strangers.Count == IoBridgeLimits.StrangersMax && !_strangers.ContainsKey((heard.Source, heard.Vlan)))
        {
            _strangers.Remove(_strangers.MinBy(s => s.Value.LastHeard.Nanoseconds).Key);
        }

        _strangers[(heard.Source, heard.Vlan)] = new DiscoveredHost(heard.Name, heard.Vlan, heard.Source, now);
    }

    private LinkOptions LinkTo(IoHostOptions host) => new()
    {
        Local = _options.Mac,
        Peer = host.Mac,
        Vlan = host.Vlan,
        Role = LinkRole.Initiator,
        EtherType = _options.EtherType,
        MtuBytes = _options.MtuBytes,
        Sealed = _options.Sealed,
        PreSharedKey = host.Key,
        LinkDead = _options.LinkDead,
        PathSilent = _options.PathSilent,
        LocalName = _options.Name,
        Stages = _options.Stages,
    };
}
