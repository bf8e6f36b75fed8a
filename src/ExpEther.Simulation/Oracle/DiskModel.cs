namespace ExpEther.Simulation.Oracle;

/// <summary>
/// What every block of one disk may hold (see <see cref="BlockModel"/>), over all its owners. An <b>era</b> is one assignment as its host's
/// driver sees it, or what lies between two crashes of the box: what ends in a later era than it began in tells nothing of what is now,
/// except that a read must still be of this disk and place.
/// </summary>
internal sealed class DiskModel
{
    private readonly BlockModel[] _blocks = new BlockModel[SimulationLimits.DiskBlocks];
    private readonly byte[] _scratch = new byte[SimulationLimits.BlockBytes];

    public DiskModel(int number, string name)
    {
        Number = number;
        Name = name;
        for (var i = 0; i < _blocks.Length; i++)
        {
            _blocks[i] = new BlockModel();
        }
    }

    public int Number { get; }

    public string Name { get; }

    public int Era { get; private set; }

    /// <summary>The last version given to a write or deallocation.</summary>
    public ulong LastVersion { get; private set; }

    public int BeginEra() => ++Era;

    public ulong BeginWrite(int lba, int blocks)
    {
        LastVersion++;
        for (var i = lba; i < lba + blocks; i++)
        {
            _blocks[i].OnIssued(LastVersion);
        }

        return LastVersion;
    }

    /// <returns>Its version, marked as zeroes.</returns>
    public ulong BeginDeallocation(int lba, int blocks)
    {
        LastVersion++;
        for (var i = lba; i < lba + blocks; i++)
        {
            _blocks[i].OnIssued(LastVersion | BlockPattern.Zeroes);
        }

        return LastVersion | BlockPattern.Zeroes;
    }

    public void Fill(Span<byte> into, int lba, ulong version)
    {
        for (var at = 0; at < into.Length; at += SimulationLimits.BlockBytes)
        {
            BlockPattern.Write(into.Slice(at, SimulationLimits.BlockBytes), Number, lba++, version);
        }
    }

    public void EndWrite(int era, int lba, int blocks, ulong version)
    {
        for (var i = lba; era == Era && i < lba + blocks; i++)
        {
            _blocks[i].OnAcknowledged(version);
        }
    }

    public FlushMark BeginFlush() => new(Era, LastVersion, Array.ConvertAll(_blocks, b => b.Readable.ToArray()));

    public void EndFlush(FlushMark mark)
    {
        for (var i = 0; mark.Era == Era && i < _blocks.Length; i++)
        {
            _blocks[i].OnFlushed(mark.Readable[i], mark.LastVersion);
        }
    }

    /// <summary>The box crashed: its write cache is gone.</summary>
    public void OnCrash()
    {
        BeginEra();
        foreach (var block in _blocks)
        {
            block.OnCrash();
        }
    }

    /// <summary>Checks what a read gave.</summary>
    public void EndRead(int era, int lba, ReadOnlySpan<byte> bytes)
    {
        for (var at = 0; at < bytes.Length; at += SimulationLimits.BlockBytes, lba++)
        {
            var block = bytes.Slice(at, SimulationLimits.BlockBytes);
            var version = BlockPattern.Read(block, Number, lba, _scratch);
            if (version == BlockPattern.NoVersion || (version & ~BlockPattern.Zeroes) > LastVersion)
            {
                throw new SimulationFailure($"{Name}: block {lba} reads as garbage: {BlockPattern.Describe(block)}");
            }

            if (era != Era)
            {
                continue;
            }

            var model = _blocks[lba];
            if (!model.TrySettle(version))
            {
                var either = string.Join(" or ", model.Readable.Select(Describe));
                throw new SimulationFailure($"{Name}: block {lba} reads as {Describe(version)}; it may be {either}");
            }
        }
    }

    private static string Describe(ulong version) =>
        version == BlockPattern.Zeroes ? "zeroes"
        : BlockPattern.IsZeroes(version) ? $"zeroes of deallocation {version & ~BlockPattern.Zeroes}" : $"version {version}";
}
