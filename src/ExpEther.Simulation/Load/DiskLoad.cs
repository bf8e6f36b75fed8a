using ExpEther.Nvme.Driver;
using ExpEther.RootComplex.Memory;
using ExpEther.Simulation.Oracle;
using ExpEther.Simulation.Stations;

namespace ExpEther.Simulation.Load;

/// <summary>
/// Reads, writes, deallocates and flushes one namespace of a disk from one host, several commands at a time, as long as the driver has it, and
/// checks what comes back. Commands of one load never overlap on the disk, so that what each block may hold is known. A namespace that hosts
/// share is only read; it is written now and then to see that this is refused.
/// </summary>
internal sealed class DiskLoad
{
    private const byte Unread = 0xEE;

    private readonly FabricRun _run;
    private readonly HostStation _host;
    private readonly uint _id;
    private readonly DiskModel _model;
    private readonly SeededRandom _random;

    // Which writes are deallocations instead: a generator of its own, so that the rest of the load stays what it is.
    private readonly SeededRandom _deallocations;
    private readonly List<RunningCommand> _running = [];
    private readonly int _era;
    private readonly int _pauseMicroseconds;

    /// <param name="run">The fabric.</param>
    /// <param name="host">Whose load it is.</param>
    /// <param name="disk">As the host's driver has it.</param>
    /// <param name="id">NSID.</param>
    /// <param name="model">What is in it.</param>
    /// <param name="owned">Whose it is; null: the disk is used as it is, or the namespace is everybody's.</param>
    public DiskLoad(FabricRun run, HostStation host, NvmeDisk disk, uint id, DiskModel model, NamespaceModel? owned)
    {
        (_run, _host, Disk, _id, _model, Owned) = (run, host, disk, id, model, owned);
        _era = IsShared ? _model.Era : _model.BeginEra();
        var purpose = IsShared ? $"{model.Name} {host.Name} {disk.Name} {host.Scheduler.Now}" : $"{model.Name} {_era}";
        _random = run.RandomFor(purpose);
        _deallocations = run.RandomFor($"{purpose} deallocations");
        // There are many more namespaces than disks.
        _pauseMicroseconds = run.HasSharing ? 300_000 + _random.Next(500_000) : 20_000 + _random.Next(150_000);
        run.Trace.Add($"{host.Name} uses {model.Name} as {disk.Name}, era {_era}");
        for (var workers = 1 + _random.Next(IsSole ? 4 : IsShared ? 1 : 2); workers > 0; workers--)
        {
            host.Scheduler.Start(WorkAsync);
        }
    }

    public NvmeDisk Disk { get; }

    /// <summary>The private namespace that it is on; null: it is on none.</summary>
    public NamespaceModel? Owned { get; }

    /// <summary>NSID.</summary>
    public uint Namespace => _id;

    public string Name => _model.Name;

    /// <summary>It is on a namespace that all hosts share.</summary>
    public bool IsShared => Owned is null && !IsSole;

    /// <summary>Nothing new is sent.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>Commands that have not ended.</summary>
    public IReadOnlyList<RunningCommand> Running => _running;

    /// <summary>Blocks that the driver knows of.</summary>
    public int Size => IsSole ? SimulationLimits.DiskBlocks : (int)(Disk.Namespaces.FirstOrDefault(each => each.Id == _id)?.Blocks ?? 0);

    /// <summary>The disk is used as it is.</summary>
    private bool IsSole => !_run.IsSharedDevice(Disk.SerialNumber);

    /// <summary>The namespace went, or is another one now.</summary>
    public void Stop() => IsStopped = true;

    /// <summary>The host is no more.</summary>
    public void OnCrash() => _running.Clear();

    /// <summary>Reads all that it works on.</summary>
    public async Task<bool> VerifyAllAsync()
    {
        foreach (var (lba, blocks) in LoadArea.All(Size))
        {
            while (IsInUse(lba, blocks))
            {
                await _host.Scheduler.Delay(TimeSpan.FromMilliseconds(1));
            }

            if (!await CommandAsync(NvmeIoOperation.Read, lba, blocks))
            {
                return false;
            }
        }

        return true;
    }

    private async Task WorkAsync()
    {
        while (Disk.IsUsable && !IsStopped)
        {
            if (_run.IsStopping || Size == 0 || Owned is { Fate: not NamespaceFate.Lives })
            {
                // Room for the last look at every block, or nothing to work on.
                await _host.Scheduler.Delay(TimeSpan.FromSeconds(1));
                continue;
            }

            var blocks = Math.Min(_random.Chance(0.1) ? SimulationLimits.BlocksPerCommandMax : 1 + _random.Next(9), Size);
            var lba = LoadArea.Pick(Size, blocks, _random);
            var kind = _random.Next(100);
            if (IsShared && kind < 10)
            {
                await WriteInVainAsync(lba, blocks);
            }
            else if (kind < 8)
            {
                await CommandAsync(NvmeIoOperation.Flush, 0, 0);
            }
            else if (!IsInUse(lba, blocks))
            {
                await CommandAsync(kind >= 50 || IsShared ? NvmeIoOperation.Read : ChangeOf(blocks), lba, blocks);
            }

            await _host.Scheduler.Delay(TimeSpan.FromMicroseconds(_random.Chance(0.2) ? 1 : _random.Next(_pauseMicroseconds)));
        }
    }

    private bool IsInUse(int lba, int blocks) => _running.Exists(each => each.Touches(lba, blocks));

    private NvmeIoOperation ChangeOf(int blocks) =>
        _deallocations.Chance(blocks > 1 ? 0.25 : 0.1) ? NvmeIoOperation.Deallocate : NvmeIoOperation.Write;

    private async Task<bool> CommandAsync(NvmeIoOperation operation, int lba, int blocks)
    {
        var command = new RunningCommand(operation, lba, blocks, _host.Scheduler.Now);
        _running.Add(command);
        var result = operation switch
        {
            NvmeIoOperation.Flush => await FlushAsync(),
            NvmeIoOperation.Write => await WriteAsync(lba, blocks),
            NvmeIoOperation.Deallocate => await DeallocateAsync(lba, blocks),
            _ => await ReadAsync(lba, blocks),
        };
        _running.Remove(command);
        if (result.IsSuccess && Owned?.MayBeOf(_host.Name, command.Since) == false)
        {
            throw new SimulationFailure($"{_host.Name}: {command} succeeded on {Name}, which is {Owned.Owner ?? "nobody"}'s");
        }

        _run.OnCommandEnded(_host, Name, command, result);
        return result.IsSuccess;
    }

    private async Task<NvmeResult> FlushAsync()
    {
        var mark = _model.BeginFlush();
        var result = await Disk.FlushAsync(_id);
        if (result.IsSuccess)
        {
            _model.EndFlush(mark);
        }

        return result;
    }

    private async Task<NvmeResult> WriteAsync(int lba, int blocks)
    {
        var memory = _host.RootComplex.Memory;
        var buffer = memory.Allocate(blocks * SimulationLimits.BlockBytes);
        var cuts = _model.Cuts;
        var version = _model.BeginWrite(lba, blocks);
        _model.Fill(memory.SpanOf(buffer), lba, version);
        var result = await Disk.WriteAsync(_id, (ulong)lba, blocks, buffer);
        if (result.IsSuccess)
        {
            _model.EndWrite(_era, cuts, lba, blocks, version);
        }

        _model.OnWriteOver(version);
        CheckUntouched(memory, buffer, lba, version);
        memory.Free(buffer);
        return result;
    }

    /// <summary>As two ranges where there is more than a block.</summary>
    private async Task<NvmeResult> DeallocateAsync(int lba, int blocks)
    {
        var first = blocks / 2;
        BlockRange[] ranges = first == 0
            ? [new BlockRange((ulong)lba, (uint)blocks)]
            : [new BlockRange((ulong)(lba + first), (uint)(blocks - first)), new BlockRange((ulong)lba, (uint)first)];
        var promisesZeroes = Disk.Namespaces.FirstOrDefault(each => each.Id == _id)?.DeallocatedReadsZeroes == true;
        var cuts = _model.Cuts;
        var version = _model.BeginDeallocation(lba, blocks);
        var result = await Disk.DeallocateAsync(_id, ranges);
        if (result.IsSuccess && promisesZeroes)
        {
            _model.EndWrite(_era, cuts, lba, blocks, version);
        }

        _model.OnWriteOver(version);
        return result;
    }

    private async Task<NvmeResult> ReadAsync(int lba, int blocks)
    {
        var memory = _host.RootComplex.Memory;
        var buffer = memory.Allocate(blocks * SimulationLimits.BlockBytes);
        memory.SpanOf(buffer).Fill(Unread);
        var cuts = _model.Cuts;
        var result = await Disk.ReadAsync(_id, (ulong)lba, blocks, buffer);
        if (result.IsSuccess)
        {
            _model.EndRead(_era, cuts, lba, memory.SpanOf(buffer));
        }

        memory.Free(buffer);
        return result;
    }

    /// <summary>Writes what nobody may write.</summary>
    private async Task WriteInVainAsync(int lba, int blocks)
    {
        var memory = _host.RootComplex.Memory;
        var buffer = memory.Allocate(blocks * SimulationLimits.BlockBytes);
        if ((await Disk.WriteAsync(_id, (ulong)lba, blocks, buffer)).IsSuccess)
        {
            throw new SimulationFailure($"{_host.Name}: a write to {Name} succeeded, which all hosts share");
        }

        memory.Free(buffer);
        _run.Count("sharedWriteRefused");
    }

    private void CheckUntouched(HostMemory memory, DmaBuffer buffer, int lba, ulong version)
    {
        var expected = new byte[buffer.Bytes];
        _model.Fill(expected, lba, version);
        if (!memory.SpanOf(buffer).SequenceEqual(expected))
        {
            throw new SimulationFailure($"{_host.Name}: the source of a write to {_model.Name} was written to");
        }
    }
}
