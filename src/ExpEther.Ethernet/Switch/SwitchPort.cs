namespace ExpEther.Ethernet.Switch;

/// <summary>One port of a <see cref="VlanSwitch"/>: what it carries, its queue, its cable and its counts.</summary>
internal sealed class SwitchPort(string name, SwitchPortMode mode, int mtuBytes, IRandomSource random)
{
    private readonly long[] _drops = new long[Enum.GetValues<SwitchDropReason>().Length];

    public string Name { get; } = name;

    public SwitchPortMode Mode { get; } = mode;

    public int MtuBytes { get; } = mtuBytes;

    public EgressQueue Egress { get; } = new(mtuBytes + Frames.EthernetHeader.TaggedBytes, EthernetLimits.SwitchQueueFramesMax);

    public PortFaults Faults { get; } = new(random);

    public long FramesIn { get; set; }

    public long BytesIn { get; set; }

    public long FramesOut { get; set; }

    public long BytesOut { get; set; }

    public long FramesFlooded { get; set; }

    public long StationMoves { get; set; }

    public long StationMovesRefused { get; set; }

    public void Dropped(SwitchDropReason reason, long count = 1) => _drops[(int)reason] += count;

    public long Count(SwitchDropReason reason) => _drops[(int)reason];

    public long DroppedInAll
    {
        get
        {
            long sum = 0;
            foreach (var count in _drops)
            {
                sum += count;
            }

            return sum;
        }
    }

    public SwitchPortSnapshot Snapshot()
    {
        var drops = new SortedDictionary<SwitchDropReason, long>();
        for (var i = 0; i < _drops.Length; i++)
        {
            if (_drops[i] > 0)
            {
                drops[(SwitchDropReason)i] = _drops[i];
            }
        }

        return new SwitchPortSnapshot(
            Name, Mode.ToString(), MtuBytes, FramesIn, BytesIn, FramesOut, BytesOut, FramesFlooded, StationMoves, StationMovesRefused, drops,
            Egress.Count, Faults.DropProbability, Faults.DropNext, Faults.IsCut, Faults.Delay);
    }
}
