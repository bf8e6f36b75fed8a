using ExpEther.Core.Counters;
using ExpEther.Core.Time;
using ExpEther.Ethernet.Frames;
using ExpEther.Link.Ethernet;

namespace ExpEther.Ethernet.Switch;

/// <summary>
/// A VLAN switch as bytes and time in, bytes and time out: the logic of <see cref="MemorySwitch"/> and of the switch process.
/// <para>
/// Theory. Ingress decides the VLAN (an access port's PVID, a trunk's tag) and drops what the port does not carry. The source address
/// is learned per (VLAN, MAC). A known unicast destination gets one copy, anything else one copy at every other port that carries the
/// VLAN. Egress writes the tag on a trunk and leaves it out on an access port. A frame meets the faults of the cable it came by and of
/// each one it leaves by; a delay makes it due later at the egress queue. Timers: none but the frames' due instants; learned addresses
/// age when they are looked up. With a seeded <see cref="IRandomSource"/> every run is the same.
/// </para>
/// </summary>
public sealed class VlanSwitch(IRandomSource random)
{
    private readonly List<SwitchPort> _ports = [];
    private readonly LearningTable _addresses = new();

    public int PortCount => _ports.Count;

    /// <summary>When the earliest waiting frame is due at any port; it may have passed. Null: none waits.</summary>
    public Instant? NextDeadline
    {
        get
        {
            Instant? next = null;
            foreach (var port in _ports)
            {
                next = Instant.Earliest(next, port.Egress.NextDue);
            }

            return next;
        }
    }

    /// <summary>Adds a port. Names are unique.</summary>
    /// <returns>Its number, from 0.</returns>
    public int AddPort(string name, SwitchPortMode mode, int mtuBytes)
    {
        Check.That(_ports.Count < EthernetLimits.SwitchPortsMax);
        Check.That(mtuBytes is > 0 and <= EthernetLimits.MtuBytesMax);
        Check.That(Find(name) < 0);
        _ports.Add(new SwitchPort(name, mode, mtuBytes, random));
        return _ports.Count - 1;
    }

    /// <summary>The number of a port; -1 when there is none of that name.</summary>
    public int Find(string name) => _ports.FindIndex(p => p.Name == name);

    /// <summary>Takes a whole frame, tag inline.</summary>
    public void OnFrame(int port, ReadOnlySpan<byte> frame, Instant now)
    {
        if (!EthernetHeader.TryParse(frame, out var header))
        {
            _ports[port].FramesIn++;
            _ports[port].BytesIn += frame.Length;
            _ports[port].Dropped(SwitchDropReason.Malformed);
            return;
        }

        OnFrame(port, new ReceivedFrame(header.Destination, header.Source, header.Vlan, frame[header.Bytes..]), header.EtherType, now);
    }

    /// <summary>Takes a frame as a port hands it over.</summary>
    public void OnFrame(int port, in ReceivedFrame frame, ushort etherType, Instant now)
    {
        var ingress = _ports[port];
        ingress.FramesIn++;
        ingress.BytesIn += frame.Payload.Length + (frame.Vlan == VlanId.None ? EthernetHeader.UntaggedBytes : EthernetHeader.TaggedBytes);

        var vlan = frame.Vlan == VlanId.None ? ingress.Mode.Pvid : frame.Vlan;
        if ((Refuse(ingress, frame, vlan) ?? ingress.Faults.Decide()) is { } reason)
        {
            ingress.Dropped(reason);
            return;
        }

        var move = _addresses.Learn(vlan, frame.Source, port, frame.Payload.Length, now);
        ingress.StationMoves += move == StationMove.Moved ? 1 : 0;
        ingress.StationMovesRefused += move == StationMove.Refused ? 1 : 0;
        var due = now + ingress.Faults.Delay;
        var to = frame.Destination.IsMulticast ? -1 : _addresses.Find(vlan, frame.Destination, now);
        if (to == port)
        {
            ingress.Dropped(SwitchDropReason.SameSegment);
        }
        else if (to >= 0)
        {
            if (_addresses.TryTakeOwed(vlan, frame.Destination, frame.Payload.Length, out var claimant) && claimant != port)
            {
                Queue(_ports[claimant], frame, vlan, etherType, due);
            }

            Queue(_ports[to], frame, vlan, etherType, due);
        }
        else
        {
            Flood(port, frame, vlan, etherType, due);
        }
    }

    /// <summary>The next frame that leaves by a port, tagged or not as the port has it; the same one until <see cref="Release"/>.</summary>
    public bool TryTake(int port, Instant now, out ReadOnlySpan<byte> frame) => _ports[port].Egress.TryTake(now, out frame);

    /// <summary>The frame of the last <see cref="TryTake"/> has left.</summary>
    public void Release(int port)
    {
        var egress = _ports[port];
        egress.FramesOut++;
        egress.BytesOut += egress.Egress.Release();
    }

    /// <summary>Every frame on the port's cable, either way, is lost with this probability; 0 ends it.</summary>
    public void SetDrop(int port, double probability)
    {
        Check.That(probability is >= 0 and <= 1);
        _ports[port].Faults.DropProbability = probability;
    }

    /// <summary>The next <paramref name="count"/> frames on the port's cable, either way, are lost.</summary>
    public void DropNext(int port, long count)
    {
        Check.That(count >= 0);
        _ports[port].Faults.DropNext = count;
    }

    /// <summary>Cuts the port's cable: what waits is lost, what was learned there forgotten, nothing passes until <see cref="Heal"/>.</summary>
    public void Cut(int port)
    {
        var cut = _ports[port];
        cut.Faults.IsCut = true;
        cut.Dropped(SwitchDropReason.Cut, cut.Egress.Clear());
        _addresses.Forget(port);
    }

    /// <summary>Mends the cable: no cut, no drops, no delay.</summary>
    public void Heal(int port)
    {
        var faults = _ports[port].Faults;
        faults.IsCut = false;
        faults.DropProbability = 0;
        faults.DropNext = 0;
        faults.Delay = TimeSpan.Zero;
    }

    /// <summary>Each frame takes this much longer on the port's cable, in each direction.</summary>
    public void SetDelay(int port, TimeSpan delay)
    {
        Check.That(delay >= TimeSpan.Zero && delay.TotalMilliseconds <= EthernetLimits.SwitchDelayMsMax);
        _ports[port].Faults.Delay = delay;
    }

    /// <summary>Adds what a port counts, and its faults.</summary>
    public void AddCounters(CounterTree tree, int port) => SwitchPortEntries.Add(tree, _ports[port]);

    public SwitchSnapshot Snapshot() => new([.. _ports.Select(p => p.Snapshot())], _addresses.Count);

    private static SwitchDropReason? Refuse(SwitchPort ingress, in ReceivedFrame frame, VlanId vlan)
    {
        if (vlan == VlanId.None)
        {
            return SwitchDropReason.Untagged;
        }

        if (!ingress.Mode.Carries(vlan))
        {
            return SwitchDropReason.WrongVlan;
        }

        return frame.Source.IsMulticast ? SwitchDropReason.InvalidSource : null;
    }

    private void Flood(int from, in ReceivedFrame frame, VlanId vlan, ushort etherType, Instant due)
    {
        var receivers = 0;
        for (var i = 0; i < _ports.Count; i++)
        {
            if (i != from && _ports[i].Mode.Carries(vlan))
            {
                receivers++;
                _ports[i].FramesFlooded++;
                Queue(_ports[i], frame, vlan, etherType, due);
            }
        }

        if (receivers == 0)
        {
            _ports[from].Dropped(SwitchDropReason.NoReceiver);
        }
    }

    private static void Queue(SwitchPort egress, in ReceivedFrame frame, VlanId vlan, ushort etherType, Instant due)
    {
        if (egress.Faults.Decide() is { } reason)
        {
            egress.Dropped(reason);
            return;
        }

        if (frame.Payload.Length > egress.MtuBytes)
        {
            egress.Dropped(SwitchDropReason.TooLong);
            return;
        }

        var tag = egress.Mode.IsAccess ? VlanId.None : vlan;
        var headerBytes = tag == VlanId.None ? EthernetHeader.UntaggedBytes : EthernetHeader.TaggedBytes;
        if (!egress.Egress.TryAdd(due + egress.Faults.Delay, headerBytes + frame.Payload.Length, out var copy))
        {
            egress.Dropped(SwitchDropReason.QueueFull);
            return;
        }

        EthernetHeader.Write(copy, frame.Destination, frame.Source, tag, etherType);
        frame.Payload.CopyTo(copy[headerBytes..]);
    }
}
