using ExpEther.Nvme.Driver;
using ExpEther.RootComplex.Memory;
using ExpEther.Simulation.Oracle;
using ExpEther.Simulation.Stations;

namespace ExpEther.Simulation.Load;

/// <summary>
/// Reads, writes, deallocates and flushes one disk from one host, several commands at a time, as long as the driver has it, and checks what comes back.
/// Commands of one load never overlap on the disk, so that what each block may hold is known.
/// </summary>
internal sealed class DiskLoad
{
    private const uint Namespace = 1;
    private const byte Unread = 0xEE;

    private readonly FabricRun _run;
    private readonly HostStation _host;
    private readonly DiskModel _model;
    private readonly SeededRandom _random;

    // Which writes are deallocations instead: a generator of its own, so that the rest of the load stays what it is.
    private readonly SeededRandom _deallocations;
    private readonly bool[] _inUse = new bool[SimulationLimits.DiskBlocks];
    private readonly List<RunningCommand> _running = [];
    private readonly int _era;
    private readonly int _pauseMicroseconds;

    public DiskLoad(FabricRun run, HostStation host, NvmeDisk disk)
    {
        (_run, _host, Disk) = (run, host, disk);
        _model = run.ModelOf(disk.SerialNumber);
        _era = _model.BeginEra();
        _random = run.RandomFor($"{disk.SerialNumber} {_era}");
        _deallocations = run.RandomFor($"{disk.SerialNumber} {_era} deallocations");
        _pauseMicroseconds = 20_000 + _random.Next(150_000);
        run.Trace.Add($"{host.Name} uses {disk.SerialNumber} as {disk.Name}, era {_era}");
        for (var workers = 1 + _random.Next(4); workers > 0; workers--)
        {
            host.Scheduler.Start(WorkAsync);
        }
    }

    public NvmeDisk Disk { get; }

    /// <summary>Commands that have not ended.</summary>
    public IReadOnlyList<RunningCommand> Running => _running;

    /// <summary>The host is no more.</summary>
    public void OnCrash() => _running.Clear();

    /// <summary>Reads the whole disk.</summary>
    public async Task<bool> VerifyAllAsync()
    {
        for (var lba = 0; lba < SimulationLimits.DiskBlocks; lba += SimulationLimits.BlocksPerCommandMax)
        {
            while (_inUse.AsSpan(lba, SimulationLimits.BlocksPerCommandMax).Contains(true))
            {
                await _host.Scheduler.Delay(TimeSpan.FromMilliseconds(1));
            }

            if (!await CommandAsync(NvmeIoOperation.Read, lba, SimulationLimits.BlocksPerCommandMax))
            {
                return false;
            }
        }

        return true;
    }

    private async Task WorkAsync()
    {
        while (Disk.IsUsable)
        {
            if (_run.IsStopping)
            {
                // Room for the last look at every block.
                await _host.Scheduler.Delay(TimeSpan.FromSeconds(1));
                continue;
            }

            var blocks = _random.Chance(0.1) ? SimulationLimits.BlocksPerCommandMax : 1 + _random.Next(9);
            var lba = _random.Next(SimulationLimits.DiskBlocks - blocks + 1);
            var kind = _random.Next(100);
            if (kind < 8)
            {
                await CommandAsync(NvmeIoOperation.Flush, 0, 0);
            }
            else if (!_inUse.AsSpan(lba, blocks).Contains(true))
            {
                await CommandAsync(kind >= 50 ? NvmeIoOperation.Read : ChangeOf(blocks), lba, blocks);
            }

            await _host.Scheduler.Delay(TimeSpan.FromMicroseconds(_random.Chance(0.2) ? 1 : _random.Next(_pauseMicroseconds)));
        }
    }

    private NvmeIoOperation ChangeOf(int blocks) =>
        _deallocations.Chance(blocks > 1 ? 0.25 : 0.1) ? NvmeIoOperation.Deallocate : NvmeIoOperation.Write;

    private async Task<bool> CommandAsync(NvmeIoOperation operation, int lba, int blocks)
    {
        _inUse.AsSpan(lba, blocks).Fill(true);
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
        _inUse.AsSpan(lba, blocks).Clear();
        _run.OnCommandEnded(_host, Disk, command, result);
        return result.IsSuccess;
    }

    private async Task<NvmeResult> FlushAsync()
    {
        var mark = _model.BeginFlush();
        var result = await Disk.FlushAsync(Namespace);
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
        var version = _model.BeginWrite(lba, blocks);
        _model.Fill(memory.SpanOf(buffer), lba, version);
        var result = await Disk.WriteAsync(Namespace, (ulong)lba, blocks, buffer);
        if (result.IsSuccess)
        {
            _model.EndWrite(_era, lba, blocks, version);
        }

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
        var promisesZeroes = Disk.Namespaces[0].DeallocatedReadsZeroes;
        var version = _model.BeginDeallocation(lba, blocks);
        var result = await Disk.DeallocateAsync(Namespace, ranges);
        if (result.IsSuccess && promisesZeroes)
        {
            _model.EndWrite(_era, lba, blocks, version);
        }

        return result;
    }

    private async Task<NvmeResult> ReadAsync(int lba, int blocks)
    {
        var memory = _host.RootComplex.Memory;
        var buffer = memory.Allocate(blocks * SimulationLimits.BlockBytes);
        memory.SpanOf(buffer).Fill(Unread);
        var result = await Disk.ReadAsync(Namespace, (ulong)lba, blocks, buffer);
        if (result.IsSuccess)
        {
            _model.EndRead(_era, lba, memory.SpanOf(buffer));
        }

        memory.Free(buffer);
        return result;
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
