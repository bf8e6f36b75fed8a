using System.Text.Json.Nodes;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;
using ExpEther.Daemon.Control;
using ExpEther.Nvme.Driver;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Daemon.Hosts;

/// <summary>
/// Moves a range between a disk and a control client, with several commands in flight.
/// <para>
/// Theory: a ring of buffers in host memory. Reading, commands are started in order and awaited in order, so bytes leave in order while
/// the next commands run; a slow client stops the ring. Writing, each buffer is filled from the client and its command started; the
/// oldest is awaited when the ring is full; a flush ends it. The first failure ends the transfer after all commands ended, because
/// their buffers are the device's until then.
/// </para>
/// </summary>
internal sealed class DiskTransfer(DiskRange range, ControlCall call, OwnerScheduler scheduler)
{
    private readonly NvmeDisk _disk = range.Disk;
    private readonly HostMemory _memory = range.Disk.Function.Memory;
    private readonly List<DmaBuffer> _buffers = [];
    private readonly Queue<(Task<NvmeResult> Command, DmaBuffer Buffer, long Offset)> _inFlight = new();
    private Instant _nextProgress;
    private Instant _lastCompleted;
    private long _done;
    private string? _failure;
    private string? _misfit;
    private string _remedy = "";

    public async Task<ControlReply> ReadAsync()
    {
        if (Prepare() is { } noMemory)
        {
            return noMemory;
        }

        var next = 0L;
        while (_failure is null && _done < range.Bytes && !call.IsAbandoned)
        {
            while (next < range.Bytes && _inFlight.Count < _buffers.Count)
            {
                Start(ref next, BufferFor(next), _disk.ReadAsync);
            }

            var (_, buffer, _) = _inFlight.Peek();
            if (await FinishOldestAsync("read") && !await call.SendDataAsync(_memory.MemoryOf(buffer)))
            {
                break;
            }
        }

        return await EndAsync("read");
    }

    public async Task<ControlReply> WriteAsync()
    {
        if (range.Namespace.IsReadOnly)
        {
            return ControlReply.Fail(
                ControlErrorCode.DiskError, $"namespace {range.Namespace.Id} of '{_disk.Name}' is read-only",
                "name another namespace of the disk (`expether nvme id`), or a disk that is served writable");
        }

        if (Prepare() is { } noMemory)
        {
            return noMemory;
        }

        var next = 0L;
        var isEnded = false;
        while (_failure is null && _misfit is null && next < range.Bytes && !isEnded)
        {
            if (_inFlight.Count == _buffers.Count)
            {
                await FinishOldestAsync("write");
                continue;
            }

            var buffer = BufferFor(next);
            var got = await call.ReceiveDataAsync(_memory.MemoryOf(buffer));
            isEnded = got < buffer.Bytes;
            if (isEnded && !call.IsInputWhole)
            {
                _misfit = $"the data stopped after {next + got} bytes: no more came for {ControlLimits.InputPauseSecondsMax} s, or the client has gone";
                break;
            }

            if (isEnded && (!range.IsOpenEnded || got % range.BlockBytes != 0 || next + got == 0))
            {
                _misfit = next + got == 0
                    ? "there are no data: nothing was written"
                    : range.IsOpenEnded
                    ? $"the data ended after {next + got} bytes, which are not whole blocks of {range.BlockBytes} bytes"
                    : $"the data ended after {next + got} of {range.Bytes} bytes";
                break;
            }

            if (got == 0)
            {
                break;
            }

            buffer = buffer.Slice(0, got);
            Start(ref next, buffer, _disk.WriteAsync);
        }

        if (_failure is null && _misfit is null && next == range.Bytes && await call.ReceiveDataAsync(new byte[1]) > 0)
        {
            _misfit = $"there is more data than the {range.Bytes} bytes that it was to go into";
        }

        while (_inFlight.Count > 0 && _failure is null)
        {
            await FinishOldestAsync("write");
        }

        if (_failure is null && await _disk.FlushAsync(range.Namespace.Id) is { IsSuccess: false } flushed)
        {
            _failure = $"'{_disk.Name}' did not flush: {flushed}";
            _remedy = DiskErrors.Remedy(flushed);
        }

        return await EndAsync("write");
    }

    private ControlReply? Prepare()
    {
        var bytes = Math.Min(DiskLimits.CommandBytes, _disk.MaxTransferBytes) / range.BlockBytes * range.BlockBytes;
        var wanted = (int)Math.Clamp((range.Bytes + bytes - 1) / bytes, 1, DiskLimits.CommandsInFlight);
        while (_buffers.Count < wanted && _memory.TryAllocate(bytes, HostMemory.PageBytes, DmaRights.ReadWrite, out var buffer))
        {
            _buffers.Add(buffer);
        }

        return _buffers.Count > 0
            ? null
            : ControlReply.Fail(
                ControlErrorCode.DiskError, "the host's memory is used up", "wait for other transfers to end, or raise memoryMiB in the configuration");
    }

    private DmaBuffer BufferFor(long offset)
    {
        var size = _buffers[0].Bytes;
        return _buffers[(int)(offset / size % _buffers.Count)].Slice(0, (int)Math.Min(size, range.Bytes - offset));
    }

    private void Start(ref long next, DmaBuffer buffer, Func<uint, ulong, int, DmaBuffer, Task<NvmeResult>> command)
    {
        var lba = (ulong)((range.OffsetBytes + next) / range.BlockBytes);
        _inFlight.Enqueue((command(range.Namespace.Id, lba, buffer.Bytes / range.BlockBytes, buffer), buffer, range.OffsetBytes + next));
        next += buffer.Bytes;
    }

    private async Task<bool> FinishOldestAsync(string verb)
    {
        var (command, buffer, offset) = _inFlight.Dequeue();
        var result = await command;
        if (!result.IsSuccess)
        {
            _remedy = _failure is null ? DiskErrors.Remedy(result) : _remedy;
            _failure ??= $"'{_disk.Name}' did not {verb} {buffer.Bytes} bytes at {offset}: {result}";
            return false;
        }

        _done += buffer.Bytes;
        _lastCompleted = scheduler.Now;
        if (scheduler.Now >= _nextProgress)
        {
            _nextProgress = scheduler.Now + TimeSpan.FromMilliseconds(DiskLimits.ProgressMilliseconds);
            call.Progress(new JsonObject { ["bytes"] = _done, ["of"] = range.Bytes });
        }

        return true;
    }

    private async Task<ControlReply> EndAsync(string verb)
    {
        while (_inFlight.Count > 0)
        {
            await FinishOldestAsync(verb);
        }

        foreach (var buffer in _buffers)
        {
            _memory.Free(buffer);
        }

        if (_failure is null && _misfit is not null)
        {
            var untouched = _done == 0 ? "" : $"; the first {_done} bytes are written";
            return ControlReply.Fail(
                ControlErrorCode.OutOfRange, $"{_misfit}{untouched}", $"send whole blocks of {range.BlockBytes} bytes, as many as the range has");
        }

        return _failure is null
            ? ControlReply.Ok(new JsonObject
            {
                ["disk"] = _disk.Name, ["offset"] = range.OffsetBytes, ["bytes"] = _done, ["completedAtNanoseconds"] = _lastCompleted.Nanoseconds,
            })
            : ControlReply.Fail(ControlErrorCode.DiskError, _failure, _remedy);
    }
}
