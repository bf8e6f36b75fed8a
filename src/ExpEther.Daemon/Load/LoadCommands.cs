using ExpEther.Core.Scheduling;
using ExpEther.Daemon.Control;
using ExpEther.Daemon.Hosts;
using ExpEther.Nvme.Driver;
using ExpEther.Nvme.Protocol;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Daemon.Load;

/// <summary>How fast is it: loads that a host makes on its own functions, read-only (docs/control-protocol.md).</summary>
internal sealed class LoadCommands
{
    private readonly HostSet _hosts;
    private readonly OwnerScheduler _scheduler;

    public LoadCommands(HostSet hosts, OwnerScheduler scheduler, CommandTable table)
    {
        _hosts = hosts;
        _scheduler = scheduler;
        table.Add("nvme.load", ReadBlocksAsync);
        table.Add("mmio.load", ReadRegisterAsync);
    }

    private async Task<ControlReply> ReadBlocksAsync(ControlCall call)
    {
        var host = call.Arguments.Text("host");
        var name = call.Arguments.Text("disk");
        var nsid = call.Arguments.Number("namespace", 1, uint.MaxValue);
        var depth = (int)(call.Arguments.Number("depth", 1, int.MaxValue) ?? 1);
        var bytes = (int)(call.Arguments.Number("blockBytes", 1, int.MaxValue) ?? LoadLimits.BlockBytesDefault);
        var seed = call.Arguments.Number("seed", 0, long.MaxValue) ?? 1;
        var duration = DurationOf(call);
        if (call.Arguments.Mistake() is { } mistake)
        {
            return mistake;
        }

        var (missing, disk) = await _hosts.FindAsync(host, name);
        if (missing is not null || disk is null)
        {
            return missing!;
        }

        var (unknown, found) = DiskRange.NamespaceOf(disk, nsid);
        if (found is not { } target)
        {
            return unknown!;
        }

        if (bytes % target.BlockBytes != 0 || bytes > disk.MaxTransferBytes || (ulong)bytes > target.Bytes || depth > disk.QueueDepth)
        {
            return ControlReply.Fail(
                ControlErrorCode.OutOfRange,
                $"{depth} reads of {bytes} bytes are not possible at '{disk.Name}'",
                $"choose whole blocks of {target.BlockBytes} bytes up to {Math.Min((ulong)disk.MaxTransferBytes, target.Bytes)}, "
                + $"and a depth up to {disk.QueueDepth}");
        }

        return await RunAsync(disk, target, depth, bytes, (ulong)seed, duration);
    }

    private async Task<ControlReply> RunAsync(NvmeDisk disk, NvmeNamespace target, int depth, int bytes, ulong seed, TimeSpan duration)
    {
        var memory = disk.Function.Memory;
        var buffers = new List<DmaBuffer>();
        while (buffers.Count < depth && memory.TryAllocate(bytes, HostMemory.PageBytes, DmaRights.ReadWrite, out var buffer))
        {
            buffers.Add(buffer);
        }

        var load = new NvmeLoad(disk, target, bytes, seed, _scheduler);
        if (buffers.Count == depth)
        {
            await load.RunAsync(buffers, duration);
        }

        var isComplete = buffers.Count == depth;
        buffers.ForEach(memory.Free);
        if (!isComplete)
        {
            return ControlReply.Fail(
                ControlErrorCode.DiskError, $"the host's memory does not hold {depth} buffers of {bytes} bytes",
                "choose a smaller depth or block, or raise memoryMiB in the configuration");
        }

        if (load.Failure is { } failure)
        {
            return ControlReply.Fail(
                ControlErrorCode.DiskError, $"'{disk.Name}' did not read: {failure}", DiskErrors.Remedy(failure));
        }

        var report = LoadReport.Of(load.Latencies, load.StartedAt, load.EndedAt);
        report.Insert(0, "disk", disk.Name);
        report["depth"] = depth;
        report["blockBytes"] = bytes;
        report["bytes"] = load.Latencies.Count * bytes;
        return ControlReply.Ok(report);
    }

    private async Task<ControlReply> ReadRegisterAsync(ControlCall call)
    {
        var host = call.Arguments.Text("host");
        var name = call.Arguments.Text("disk");
        var duration = DurationOf(call);
        if (call.Arguments.Mistake() is { } mistake)
        {
            return mistake;
        }

        var (missing, disk) = await _hosts.FindAsync(host, name);
        if (missing is not null)
        {
            return missing;
        }

        // VS never changes and has no side effect.
        var load = new MmioLoad(disk!.Function, 0, NvmeRegister.Vs);
        await load.RunAsync(duration);
        if (load.HasFailed)
        {
            return ControlReply.Fail(
                ControlErrorCode.DiskError, $"'{disk.Name}' did not answer a register read", "see `expether ls`: was the disk moved or its link lost?");
        }

        var report = LoadReport.Of(load.Latencies, load.StartedAt, load.EndedAt);
        report.Insert(0, "disk", disk.Name);
        return ControlReply.Ok(report);
    }

    private static TimeSpan DurationOf(ControlCall call) => TimeSpan.FromMilliseconds(
        call.Arguments.Number("milliseconds", LoadLimits.MillisecondsMin, LoadLimits.MillisecondsMax) ?? LoadLimits.MillisecondsDefault);
}
