using System.Runtime.InteropServices;
using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;
using ExpEther.Linux.Sockets;

namespace ExpEther.Ethernet.Ports;

/// <summary>
/// Where each MAC may be reached.
/// <para>
/// Theory. A datagram says nothing about who sent it until a link has authenticated it. So a MAC has at most one <em>proven</em> endpoint, which only
/// newer proof moves, and a few <em>candidates</em>: where it claims to be. As long as the proof is young, candidates are not used, and what is
/// unproven is not even noted. When there is none, or it is older than <see cref="EthernetLimits.UdpProofLife"/> (the peer has gone, or has
/// started again elsewhere), all candidates are tried, so that a forged one takes nothing from the genuine one. A candidate that is there
/// keeps its place for <see cref="EthernetLimits.UdpCandidateHold"/> against others that prove no more.
/// </para>
/// <para>
/// A claim from elsewhere than a young proof earns one answer: the next frame for the MAC that is no longer than the claim goes there too. So a peer
/// that was started again elsewhere is answered at once, a second station of its identity learns that the peer is taken, and a forged
/// address gets no more than was sent in its name.
/// </para>
/// <para>
/// Without links behind the port (a switch's) nothing is ever proven: then the first candidate of a MAC has it until it has been silent for
/// <see cref="EthernetLimits.UdpCandidateHold"/>.
/// </para>
/// Bounded: a MAC that is unproven makes room for a new one, the longest unheard first; a proven one only for proof.
/// </summary>
/// <param name="hasProof">Whether links behind the port tell what is authentic.</param>
internal sealed class EndpointTable(bool hasProof)
{
    private static readonly TimeSpan SweepPause = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<MacAddress, Endpoints> _byMac = new(EthernetLimits.UdpLearnedMacsMax);
    private readonly List<UdpAddress> _targets = new(EthernetLimits.UdpPeersMax);
    private Instant _nextSweep;

    private int CandidatesMax => hasProof ? EthernetLimits.UdpCandidatesMax : 1;

    /// <summary>How often the proven endpoint of a MAC became another one.</summary>
    public long Moves { get; private set; }

    /// <summary>How often an endpoint spoke for a MAC that is alive at another, and was not believed.</summary>
    public long MovesRefused { get; private set; }

    /// <param name="mac">Who the frame says that it is from.</param>
    /// <param name="from">Where it came from.</param>
    /// <param name="trust">What it proves.</param>
    /// <param name="bytes">Its length.</param>
    /// <param name="now">The caller's time.</param>
    public void Hear(MacAddress mac, UdpAddress from, FrameTrust trust, int bytes, Instant now)
    {
        if (mac.IsMulticast)
        {
            return;
        }

        if (!_byMac.TryGetValue(mac, out var known))
        {
            if (_byMac.Count >= EthernetLimits.UdpLearnedMacsMax && !MakeRoom(trust, now))
            {
                return;
            }

            _byMac[mac] = known = new Endpoints();
        }

        if (trust == FrameTrust.Proven)
        {
            Moves += known.IsProven && known.Proven != from ? 1 : 0;
            (known.IsProven, known.Proven, known.ProvenAt) = (true, from, now);
            known.Candidates.Clear();
        }
        else if (!known.IsProven || known.Proven != from)
        {
            if (known.IsYoung(now))
            {
                MovesRefused++;
                (known.Owed, known.OwedBytes) = trust == FrameTrust.Claimed ? (from, bytes) : (known.Owed, known.OwedBytes);
            }

            // A claim is noted beside a young proof, so that a peer that starts again elsewhere need not claim twice.
            if (!known.IsYoung(now) || trust == FrameTrust.Claimed)
            {
                AddCandidate(known, from, trust, now);
            }
        }
    }

    /// <summary>Where a frame for this MAC goes.</summary>
    /// <param name="mac">Unicast.</param>
    /// <param name="now">The caller's time.</param>
    /// <param name="isSure">True: only there. False: these are candidates, the configured peers may have it too.</param>
    public ReadOnlySpan<UdpAddress> Find(MacAddress mac, Instant now, out bool isSure)
    {
        _targets.Clear();
        isSure = false;
        if (!_byMac.TryGetValue(mac, out var known))
        {
            return default;
        }

        isSure = known.IsYoung(now) || (!hasProof && known.Candidates.Count > 0);
        if (known.IsProven)
        {
            _targets.Add(known.Proven);
        }

        if (!known.IsYoung(now))
        {
            foreach (var candidate in known.Candidates)
            {
                if (IsOfUse(candidate, now) && !_targets.Contains(candidate.Address))
                {
                    _targets.Add(candidate.Address);
                }
            }
        }

        return CollectionsMarshal.AsSpan(_targets);
    }

    /// <summary>Is a copy of a frame for this MAC owed to one that claimed it? Then not again.</summary>
    public bool TryTakeOwed(MacAddress mac, int frameBytes, out UdpAddress endpoint)
    {
        endpoint = default;
        if (!_byMac.TryGetValue(mac, out var known) || known.OwedBytes < frameBytes)
        {
            return false;
        }

        endpoint = known.Owed;
        known.OwedBytes = 0;
        return true;
    }

    /// <summary>Each endpoint that some MAC has, once, proven ones first; at most <see cref="EthernetLimits.UdpPeersMax"/>.</summary>
    public ReadOnlySpan<UdpAddress> Distinct(Instant now)
    {
        _targets.Clear();
        foreach (var known in _byMac.Values)
        {
            if (known.IsProven)
            {
                Add(known.Proven);
            }
        }

        foreach (var known in _byMac.Values)
        {
            foreach (var candidate in known.Candidates)
            {
                if (IsOfUse(candidate, now))
                {
                    Add(candidate.Address);
                }
            }
        }

        return CollectionsMarshal.AsSpan(_targets);

        void Add(UdpAddress address)
        {
            if (_targets.Count < EthernetLimits.UdpPeersMax && !_targets.Contains(address))
            {
                _targets.Add(address);
            }
        }
    }

    private void AddCandidate(Endpoints known, UdpAddress from, FrameTrust trust, Instant now)
    {
        var weakest = -1;
        for (var i = 0; i < known.Candidates.Count; i++)
        {
            var candidate = known.Candidates[i];
            if (candidate.Address == from)
            {
                known.Candidates[i] = candidate with { Heard = now, Trust = trust > candidate.Trust ? trust : candidate.Trust };
                return;
            }

            if (weakest < 0 || IsWeaker(candidate, known.Candidates[weakest]))
            {
                weakest = i;
            }
        }

        if (known.Candidates.Count < CandidatesMax)
        {
            known.Candidates.Add(new Candidate(from, trust, now));
        }
        else if (known.Candidates[weakest].Trust < trust || now - known.Candidates[weakest].Heard >= EthernetLimits.UdpCandidateHold)
        {
            known.Candidates[weakest] = new Candidate(from, trust, now);
            Moves += hasProof ? 0 : 1;
        }
        else
        {
            MovesRefused++;
        }
    }

    /// <summary>Nothing is sent for long to where nothing comes from: its sender's address may have been forged.</summary>
    private bool IsOfUse(Candidate candidate, Instant now) => !hasProof || now - candidate.Heard < EthernetLimits.UdpCandidateLife;

    private static bool IsWeaker(Candidate one, Candidate other) =>
        one.Trust != other.Trust ? one.Trust < other.Trust : one.Heard < other.Heard;

    /// <summary>A flood of forged MACs must not cost a sweep per datagram, nor push out what is proven.</summary>
    private bool MakeRoom(FrameTrust trust, Instant now)
    {
        if (trust == FrameTrust.None && now < _nextSweep)
        {
            return false;
        }

        _nextSweep = now + SweepPause;
        MacAddress? victim = null;
        var oldest = Instant.Never;
        foreach (var (mac, known) in _byMac)
        {
            var heard = known.LastHeard;
            if (heard < oldest && (!known.IsProven || (trust == FrameTrust.Proven && !known.IsYoung(now)))
                && (trust != FrameTrust.None || now - heard >= EthernetLimits.UdpCandidateHold))
            {
                (victim, oldest) = (mac, heard);
            }
        }

        return victim is { } gone && _byMac.Remove(gone);
    }

    private readonly record struct Candidate(UdpAddress Address, FrameTrust Trust, Instant Heard);

    private sealed class Endpoints
    {
        public bool IsProven { get; set; }

        public UdpAddress Proven { get; set; }

        public Instant ProvenAt { get; set; }

        /// <summary>Who has claimed this MAC beside a young proof, and has had no answer yet.</summary>
        public UdpAddress Owed { get; set; }

        /// <summary>How long that answer may be; 0: none is owed.</summary>
        public int OwedBytes { get; set; }

        public List<Candidate> Candidates { get; } = new(1);

        public Instant LastHeard
        {
            get
            {
                var last = ProvenAt;
                foreach (var candidate in Candidates)
                {
                    last = candidate.Heard > last ? candidate.Heard : last;
                }

                return last;
            }
        }

        public bool IsYoung(Instant now) => IsProven && now - ProvenAt < EthernetLimits.UdpProofLife;
    }
}
