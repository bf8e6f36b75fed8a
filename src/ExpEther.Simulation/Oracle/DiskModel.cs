namespace ExpEther.Simulation.Oracle;

/// <summary>
/// What every block of one disk or namespace may hold (see <see cref="BlockModel"/>), over all its owners. An <b>era</b> is one assignment as
/// its host's driver sees it, or what lies between two crashes of the box: what ends in a later era than it began in tells nothing of what is
/// now, except that a read must still be of this disk and place.
/// <para>
/// A <b>cut</b> makes it shorter: what was beyond its new end is lost, and reads as zeroes should it ever become longer again. While one is
/// under way nothing is known of the blocks beyond; when its end is not known they are what they were, or zeroes. Commands that were under way
/// then tell nothing of them.
/// </para>
/// </summary>
/// <param name="number">Which of all: it is in the bytes of every block.</param>
/// <param name="name">For people.</param>
/// <param name="initial">The version of a block that was never written: 0, or zeroes.</param>
/// <param name="all">All models by their numbers, to tell whose bytes turned up here.</param>
internal sealed class DiskModel(int number, string name, ulong initial, IReadOnlyList<DiskModel> all)
{
    private readonly Dictionary<int, BlockModel> _blocks = [];
    private readonly byte[] _scratch = new byte[SimulationLimits.BlockBytes];

    // Writes and deallocations that have not ended; those of a host that crashed never do.
    private readonly List<(int Lba, int Blocks, ulong Version)> _writes = [];
    private readonly List<int> _cuts = [];
    private int _cutUnderWay = int.MaxValue;

    public int Number => number;

    public string Name => name;

    public int Era { get; private set; }

    /// <summary>How often it has become shorter, or may have.</summary>
    public int Cuts => _cuts.Count;

    /// <summary>The last version given to a write or deallocation.</summary>
    public ulong LastVersion { get; private set; }

    public int BeginEra() => ++Era;

    public ulong BeginWrite(int lba, int blocks) => Begin(lba, blocks, 0);

    /// <returns>Its version, marked as zeroes.</returns>
    public ulong BeginDeallocation(int lba, int blocks) => Begin(lba, blocks, BlockPattern.Zeroes);

    public void Fill(Span<byte> into, int lba, ulong version)
    {
        for (var at = 0; at < into.Length; at += SimulationLimits.BlockBytes)
        {
            BlockPattern.Write(into.Slice(at, SimulationLimits.BlockBytes), Number, lba++, version);
        }
    }

    /// <summary>It was acknowledged.</summary>
    public void EndWrite(int era, int cuts, int lba, int blocks, ulong version)
    {
        for (var i = lba; era == Era && i < Math.Min(lba + blocks, CertainBelow(cuts)); i++)
        {
            Block(i).OnAcknowledged(version);
        }
    }

    /// <summary>It ended, one way or the other, and does nothing any more.</summary>
    public void OnWriteOver(ulong version) => _writes.RemoveAll(write => write.Version == version);

    public FlushMark BeginFlush() => new(
        Era, Cuts, LastVersion, [.. _blocks.Select(each => KeyValuePair.Create(each.Key, each.Value.Readable.ToArray()))]);

    public void EndFlush(FlushMark mark)
    {
        var certain = CertainBelow(mark.Cuts);
        foreach (var (lba, readable) in mark.Era == Era ? mark.Readable : [])
        {
            if (lba < certain)
            {
                Block(lba).OnFlushed(readable, mark.LastVersion);
            }
        }
    }

    /// <summary>The box crashed: its write cache is gone.</summary>
    public void OnCrash()
    {
        BeginEra();
        foreach (var block in _blocks.Values)
        {
            block.OnCrash();
        }
    }

    public void BeginCut(int blocks) => _cutUnderWay = blocks;

    /// <param name="blocks">Its new size.</param>
    /// <param name="isCertain">It is so; false: or it is not.</param>
    public void EndCut(int blocks, bool isCertain)
    {
        _cutUnderWay = int.MaxValue;
        _cuts.Add(blocks);
        foreach (var lba in _blocks.Keys.Where(each => each >= blocks).ToList())
        {
            if (!isCertain)
            {
                _blocks[lba].OnDoubtfulCut();
                continue;
            }

            // What is still under way may come after the block does again.
            _blocks.Remove(lba);
            foreach (var write in _writes.Where(each => lba >= each.Lba && lba < each.Lba + each.Blocks))
            {
                Block(lba).OnIssued(write.Version);
            }
        }
    }

    /// <summary>The cut was refused, and nothing was done.</summary>
    public void ForgetCut() => _cutUnderWay = int.MaxValue;

    /// <summary>Checks what a read gave.</summary>
    /// <param name="era">When it began.</param>
    /// <param name="cuts">As it began.</param>
    /// <param name="lba">Of the first block.</param>
    /// <param name="bytes">What it gave.</param>
    public void EndRead(int era, int cuts, int lba, ReadOnlySpan<byte> bytes)
    {
        var certain = era == Era ? CertainBelow(cuts) : 0;
        for (var at = 0; at < bytes.Length; at += SimulationLimits.BlockBytes, lba++)
        {
            var block = bytes.Slice(at, SimulationLimits.BlockBytes);
            var version = BlockPattern.Read(block, Number, lba, _scratch);
            if (version == BlockPattern.NoVersion || (version & ~BlockPattern.Zeroes) > LastVersion)
            {
                throw new SimulationFailure($"{Name}: block {lba} reads as {Foreign(block) ?? $"garbage: {BlockPattern.Describe(block)}"}");
            }

            if (lba >= certain)
            {
                continue;
            }

            var model = Block(lba);
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

    private ulong Begin(int lba, int blocks, ulong mark)
    {
        var version = ++LastVersion | mark;
        _writes.Add((lba, blocks, version));
        for (var i = lba; i < lba + blocks; i++)
        {
            Block(i).OnIssued(version);
        }

        return version;
    }

    private BlockModel Block(int lba)
    {
        if (!_blocks.TryGetValue(lba, out var block))
        {
            _blocks.Add(lba, block = new BlockModel(initial));
        }

        return block;
    }

    /// <summary>Blocks from here on may have been lost since then.</summary>
    private int CertainBelow(int cutsThen)
    {
        var certain = _cutUnderWay;
        for (var i = cutsThen; i < _cuts.Count; i++)
        {
            certain = Math.Min(certain, _cuts[i]);
        }

        return certain;
    }

    /// <summary>Whose the bytes are; null: nobody's.</summary>
    private string? Foreign(ReadOnlySpan<byte> block)
    {
        var (theirs, lba) = BlockPattern.PlaceOf(block);
        return theirs != Number && theirs >= 0 && theirs < all.Count
            && BlockPattern.Read(block, theirs, lba, _scratch) is not BlockPattern.NoVersion and var version
            ? $"bytes of another owner: block {lba} of {all[theirs].Name}, version {version}"
            : null;
    }
}
