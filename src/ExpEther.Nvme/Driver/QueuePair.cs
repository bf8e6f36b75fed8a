using ExpEther.Core.Time;
using ExpEther.Nvme.Protocol;
using ExpEther.Pcie;
using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.Memory;

namespace ExpEther.Nvme.Driver;

/// <summary>
/// A submission queue and its completion queue (NVMe 1.4 §4.1), with one slot per command that may be outstanding.
/// <para>
/// A slot is a command identifier, a callback, a deadline and a page for a PRP list. There is one slot fewer than entries, so neither queue can
/// overflow and no head pointer needs watching. Nothing is allocated per command. A doorbell that finds the posted writes full is written later; the
/// newest value stands for all before it.
/// </para>
/// </summary>
internal sealed class QueuePair
{
    private readonly PciFunction _function;
    private readonly DmaBuffer _submission;
    private readonly DmaBuffer _completion;
    private readonly DmaBuffer _lists;
    private readonly Slot[] _slots;
    private readonly int[] _free;
    private readonly int _doorbellStride;
    private readonly int _entries;
    private int _freeCount;
    private int _tail;
    private int _head;
    private bool _phase = true;
    private bool _tailDirty;
    private bool _headDirty;
    private bool _retrying;
    private bool _isProcessing;

    private QueuePair(PciFunction function, int id, int entries, int doorbellStride, DmaBuffer submission, DmaBuffer completion, DmaBuffer lists)
    {
        _function = function;
        Id = id;
        _entries = entries;
        _doorbellStride = doorbellStride;
        _submission = submission;
        _completion = completion;
        _lists = lists;
        _slots = new Slot[entries - 1];
        _free = new int[entries - 1];
        for (var i = 0; i < _free.Length; i++)
        {
            _free[i] = _free.Length - 1 - i;
        }

        _freeCount = _free.Length;
    }

    public int Id { get; }

    public int Entries => _entries;

    public int Outstanding => _slots.Length - _freeCount;

    public bool HasRoom => _freeCount > 0;

    public HostAddress SubmissionAddress => _submission.Address;

    public HostAddress CompletionAddress => _completion.Address;

    /// <summary>Completions that fit no outstanding command: the controller's error.</summary>
    public long Unexpected { get; private set; }

    /// <summary>Allocates a pair in the function's host memory; null when that is used up.</summary>
    /// <param name="function">The controller.</param>
    /// <param name="id">0 is the admin pair.</param>
    /// <param name="entries">At least 2.</param>
    /// <param name="doorbellStride">CAP.DSTRD.</param>
    public static QueuePair? TryCreate(PciFunction function, int id, int entries, int doorbellStride)
    {
        var memory = function.Memory;
        if (!memory.TryAllocate(entries * NvmeSizes.SubmissionEntryBytes, NvmeSizes.PageBytesMin, DmaRights.Read, out var submission))
        {
            return null;
        }

        if (!memory.TryAllocate(entries * NvmeSizes.CompletionEntryBytes, NvmeSizes.PageBytesMin, DmaRights.ReadWrite, out var completion))
        {
            memory.Free(submission);
            return null;
        }

        var listBytes = id == 0 ? NvmeSizes.PageBytesMin : (entries - 1) * NvmeSizes.PageBytesMin;
        if (!memory.TryAllocate(listBytes, NvmeSizes.PageBytesMin, DmaRights.Read, out var lists))
        {
            memory.Free(submission);
            memory.Free(completion);
            return null;
        }

        return new QueuePair(function, id, entries, doorbellStride, submission, completion, lists);
    }

    /// <summary>Takes a slot; fill its PRP list, then <see cref="Submit"/> it.</summary>
    public bool TryTakeSlot(out int slot)
    {
        slot = _freeCount > 0 ? _free[_freeCount - 1] : -1;
        if (slot < 0)
        {
            return false;
        }

        _freeCount--;
        return true;
    }

    /// <summary>A slot's page for its PRP list.</summary>
    public DmaBuffer ListOf(int slot) => _lists.Slice(slot * NvmeSizes.PageBytesMin, NvmeSizes.PageBytesMin);

    /// <param name="slot">As taken.</param>
    /// <param name="command">What the controller gets.</param>
    /// <param name="done">Gets the result and <paramref name="state"/>.</param>
    /// <param name="state">The caller's.</param>
    /// <param name="deadline">Past it the command is overdue.</param>
    /// <param name="io">What it was made of, for <see cref="TakeUnfinished"/>.</param>
    /// <param name="repeats">How often it was sent before.</param>
    public void Submit(
        int slot, in NvmeCommand command, Action<NvmeResult, object?> done, object? state, Instant deadline, in NvmeIo io = default, int repeats = 0)
    {
        ref var taken = ref _slots[slot];
        Check.That(taken.Done is null);
        taken = new Slot { Done = done, State = state, Since = _function.Scheduler.Now, Deadline = deadline, Io = io, Repeats = repeats };
        command.Write(
            _function.Memory.SpanOf(_submission).Slice(_tail * NvmeSizes.SubmissionEntryBytes, NvmeSizes.SubmissionEntryBytes), (ushort)slot);
        _tail = (_tail + 1) % _entries;
        _tailDirty = true;
        if (!_isProcessing)
        {
            RingDoorbells();
        }
    }

    /// <summary>A command with a time limit has been outstanding since before <paramref name="since"/>.</summary>
    public bool HasOlderThan(Instant since)
    {
        foreach (ref var slot in _slots.AsSpan())
        {
            if (slot.Done is not null && slot.Deadline != Instant.Never && slot.Since < since)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Ends the commands whose completions have arrived. One doorbell tells of all entries read, and one of all commands that their ends began.
    /// </summary>
    /// <returns>How many commands.</returns>
    public int ProcessCompletions()
    {
        var ended = 0;
        _isProcessing = true;
        var ring = _function.Memory.SpanOf(_completion);
        // At most one round: a controller that writes faster than this reads must not keep the owner here.
        for (var budget = _entries; budget > 0; budget--)
        {
            var bytes = ring.Slice(_head * NvmeSizes.CompletionEntryBytes, NvmeSizes.CompletionEntryBytes);
            if (CompletionEntry.PhaseOf(bytes) != _phase)
            {
                break;
            }

            var entry = CompletionEntry.Read(bytes);
            _head++;
            if (_head == _entries)
            {
                _head = 0;
                _phase = !_phase;
            }

            _headDirty = true;
            if (entry.CommandId >= _slots.Length || _slots[entry.CommandId].Done is null)
            {
                Unexpected++;
                continue;
            }

            ended++;
            End(entry.CommandId, new NvmeResult(NvmeOutcome.Completed, entry.Status, entry.Result));
        }

        _isProcessing = false;
        RingDoorbells();
        return ended;
    }

    /// <summary>Ends every outstanding command with <paramref name="outcome"/>; the controller must not reach their buffers any more.</summary>
    public void FailAll(NvmeOutcome outcome)
    {
        for (var slot = 0; slot < _slots.Length; slot++)
        {
            if (_slots[slot].Done is not null)
            {
                End(slot, NvmeResult.Failed(outcome));
            }
        }
    }

    /// <summary>Takes every outstanding command out of the queue without ending it; the controller must not reach their buffers any more.</summary>
    public void TakeUnfinished(ICollection<UnfinishedCommand> into)
    {
        for (var slot = 0; slot < _slots.Length; slot++)
        {
            ref var taken = ref _slots[slot];
            if (taken.Done is { } done)
            {
                into.Add(new UnfinishedCommand(taken.Io, RangesOf(slot, taken.Io), done, taken.State, taken.Repeats));
                taken = default;
                _free[_freeCount++] = slot;
            }
        }
    }

    /// <summary>The first command past its deadline; moves that deadline to <paramref name="next"/>.</summary>
    /// <returns>False: none.</returns>
    public bool TryFindOverdue(Instant now, Instant next, out ushort commandId, out bool again)
    {
        for (var slot = 0; slot < _slots.Length; slot++)
        {
            ref var command = ref _slots[slot];
            if (command.Done is not null && command.Deadline <= now)
            {
                commandId = (ushort)slot;
                again = command.IsOverdue;
                command.IsOverdue = true;
                command.Deadline = next;
                return true;
            }
        }

        commandId = 0;
        again = false;
        return false;
    }

    public void Free()
    {
        Check.That(Outstanding == 0);
        // A doorbell that still waits for room would be rung on the next bring-up's queue of this number.
        _tailDirty = false;
        _headDirty = false;
        _function.Memory.Free(_submission);
        _function.Memory.Free(_completion);
        _function.Memory.Free(_lists);
    }

    /// <summary>A deallocation's ranges, which lie in its slot's page.</summary>
    private BlockRange[] RangesOf(int slot, in NvmeIo io)
    {
        if (io.Operation != NvmeIoOperation.Deallocate)
        {
            return [];
        }

        var page = _function.Memory.SpanOf(ListOf(slot));
        var ranges = new BlockRange[io.Blocks];
        for (var i = 0; i < ranges.Length; i++)
        {
            var range = DatasetRange.Read(page[(i * DatasetRange.Bytes)..]);
            ranges[i] = new BlockRange(range.StartingLba, range.Blocks);
        }

        return ranges;
    }

    private void End(int slot, NvmeResult result)
    {
        ref var ended = ref _slots[slot];
        var done = ended.Done!;
        var state = ended.State;
        ended = default;
        _free[_freeCount++] = slot;
        done(result, state);
    }

    private void RingDoorbells()
    {
        _tailDirty = _tailDirty && !_function.TryWrite32(0, (ulong)NvmeRegister.SubmissionTail(Id, _doorbellStride), (uint)_tail);
        _headDirty = _headDirty && !_function.TryWrite32(0, (ulong)NvmeRegister.CompletionHead(Id, _doorbellStride), (uint)_head);
        if ((_tailDirty || _headDirty) && !_retrying)
        {
            _retrying = true;
            _function.Scheduler.Start(RetryDoorbellsAsync);
        }
    }

    /// <summary>Ends at the latest when the function is gone: then a posted write always finds room.</summary>
    private async Task RetryDoorbellsAsync()
    {
        while (_tailDirty || _headDirty)
        {
            await _function.Scheduler.Delay(NvmeDriverLimits.DoorbellRetry);
            RingDoorbells();
        }

        _retrying = false;
    }

    private struct Slot
    {
        public Action<NvmeResult, object?>? Done;
        public object? State;
        public Instant Since;
        public Instant Deadline;

        public NvmeIo Io;
        public int Repeats;

        // Past its deadline once already, and aborted.
        public bool IsOverdue;
    }
}
