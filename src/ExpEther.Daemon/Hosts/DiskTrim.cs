using System.Text.Json.Nodes;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Daemon.Control;
using ExpEther.Nvme.Driver;

namespace ExpEther.Daemon.Hosts;

/// <summary>Deallocates a range for a control client, a command at a time, and makes that durable.</summary>
internal sealed class DiskTrim(DiskRange range, ControlCall call, OwnerScheduler scheduler)
{
    private readonly NvmeDisk _disk = range.Disk;

    public async Task<ControlReply> RunAsync()
    {
        if (!_disk.CanDeallocate)
        {
            return ControlReply.Fail(
                ControlErrorCode.DiskError, $"'{_disk.Name}' does not take deallocations (Dataset Management)", "write zeroes over the range instead");
        }

        if (range.Namespace.IsReadOnly)
        {
            return ControlReply.Fail(
                ControlErrorCode.DiskError, $"namespace {range.Namespace.Id} of '{_disk.Name}' is read-only", "trim a disk that is served writable");
        }

        var done = 0L;
        var nextProgress = default(Instant);
        while (done < range.Bytes && !call.IsAbandoned)
        {
            var bytes = Math.Min(range.Bytes - done, DiskLimits.TrimBytesPerCommand);
            var offset = range.OffsetBytes + done;
            var blocks = new BlockRange((ulong)(offset / range.BlockBytes), (uint)(bytes / range.BlockBytes));
            if (await _disk.DeallocateAsync(range.Namespace.Id, [blocks]) is { IsSuccess: false } failed)
            {
                return Fail($"did not deallocate {bytes} bytes at {offset}: {failed}", failed);
            }

            done += bytes;
            if (scheduler.Now >= nextProgress)
            {
                nextProgress = scheduler.Now + TimeSpan.FromMilliseconds(DiskLimits.ProgressMilliseconds);
                call.Progress(new JsonObject { ["bytes"] = done, ["of"] = range.Bytes });
            }
        }

        return await _disk.FlushAsync(range.Namespace.Id) is { IsSuccess: false } flushed
            ? Fail($"did not flush: {flushed}", flushed)
            : ControlReply.Ok(new JsonObject
            {
                ["disk"] = _disk.Name, ["offset"] = range.OffsetBytes, ["bytes"] = done,
                ["readsZeroes"] = range.Namespace.DeallocatedReadsZeroes,
                ["granularityBytes"] = (long)range.Namespace.DeallocateGranularity * range.BlockBytes,
            });
    }

    private ControlReply Fail(string what, NvmeResult result) =>
        ControlReply.Fail(ControlErrorCode.DiskError, $"'{_disk.Name}' {what}", DiskErrors.Remedy(result));
}
