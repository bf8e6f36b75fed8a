using System.Buffers.Binary;
using ExpEther.Core.Time;
using ExpEther.Nvme.Controller.Commands;
using ExpEther.Nvme.Controller.Queues;
using ExpEther.Nvme.Protocol;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Nvme.Controller.Dma;

/// <summary>
/// Memory writes of the device, made when they are taken: data, completion entries, interrupts.
/// <para>
/// Theory: finished commands leave in order. Of each the data goes first, then the completion entry in one 16-byte write, then the interrupt;
/// posted requests do not pass each other, so the host sees them in this order (PCIe 5.0 §2.4.1). A command whose completion
/// queue is full steps aside until the host moves the queue's head. An interrupt waits while the very next write is another entry of
/// the same queue: one interrupt then tells of both. The host may have it held for longer (<see cref="InterruptCoalescing"/>). Masks are
/// looked at when the interrupt leaves.
/// </para>
/// </summary>
internal sealed class Egress(EndpointConfig config, MsixTable msix, ControllerParts parts)
{
    private readonly SlotRing _finished = new(ControllerLimits.CommandsMax);
    private readonly SlotRing _interrupts = new(ControllerLimits.QueuePairsMax + 1);
    private CommandEngine? _engine;

    public CommandEngine Engine
    {
        get => _engine!;
        set => _engine = value;
    }

    public void Push(int slot) => _finished.Push(slot);

    public void Reset()
    {
        _finished.Clear();
        _interrupts.Clear();
        parts.Coalescing.Reset();
    }

    /// <summary>Lets go the held interrupts whose time is over.</summary>
    /// <returns>True when there was one.</returns>
    public bool ReleaseInterrupts(Instant now)
    {
        var any = false;
        while (parts.Coalescing.TryTakeDue(now, out var queue))
        {
            any = true;
            if (!queue.InterruptQueued)
            {
                Interrupt(queue);
            }
        }

        return any;
    }

    /// <summary>The host has read entries of a completion queue: what waited for room goes on.</summary>
    public void OnRoom(CompletionQueue queue)
    {
        while (queue.FirstWaiting >= 0)
        {
            var slot = queue.FirstWaiting;
            queue.FirstWaiting = parts.Commands[slot].Next;
            _finished.Push(slot);
        }

        queue.LastWaiting = -1;
    }

    public bool TryTake(Span<byte> into, out int length)
    {
        if (msix.TryTakePending(out var address, out var data))
        {
            length = WriteInterrupt(address, data, into);
            return true;
        }

        while (true)
        {
            if (TryTakeInterrupt(into, out length))
            {
                return true;
            }

            if (_finished.Count == 0)
            {
                return false;
            }

            ref var slot = ref parts.Commands[_finished.Peek()];
            if (slot.HasDataToSend)
            {
                length = WriteData(ref slot, into);
                return true;
            }

            _finished.Pop();
            var submission = parts.Queues.Submission(slot.SqId);
            var completion = parts.Queues.Completion(submission.CompletionQueueId);
            if (!completion.IsFull)
            {
                length = WriteEntry(slot, submission, completion, into);
                End(slot.Index, submission);
                return true;
            }

            if (submission.IsDeleting)
            {
                // NVMe 1.4 §5.6: commands of a deleted queue may end without an entry.
                End(slot.Index, submission);
            }
            else
            {
                Wait(ref slot, completion);
            }
        }
    }

    private int WriteData(ref CommandSlot slot, Span<byte> into)
    {
        var address = parts.Prps.AddressOf(slot, slot.DataIssued, out var contiguous);
        var bytes = Math.Min(Math.Min(contiguous, config.MaxPayloadBytes), slot.DataBytes - slot.DataIssued);
        bytes = Math.Min(bytes, TlpLimits.RequestBoundaryBytes - (int)(address & (TlpLimits.RequestBoundaryBytes - 1)));
        var length = new MemoryWrite(config.Rid, address).Write(into, parts.Pool.Span(slot.Buffer + slot.DataIssued, bytes));
        slot.DataIssued += bytes;
        if (slot.DataIssued == slot.DataBytes)
        {
            slot.HasDataToSend = false;
            Engine.FreeBuffer(ref slot);
        }

        return length;
    }

    private int WriteEntry(in CommandSlot slot, SubmissionQueue submission, CompletionQueue completion, Span<byte> into)
    {
        var entry = new CompletionEntry(
            slot.Result, (ushort)submission.Head, slot.SqId, slot.CommandId, completion.Phase, slot.Status);
        var room = new MemoryWrite(config.Rid, completion.TailAddress).WriteHeader(into, NvmeSizes.CompletionEntryBytes, out var length);
        entry.Write(room);
        completion.Advance();
        if (completion.InterruptsEnabled && !completion.InterruptQueued && !parts.Coalescing.TryHold(completion, Engine.Now))
        {
            Interrupt(completion);
        }

        return length;
    }

    private void Interrupt(CompletionQueue queue)
    {
        queue.InterruptQueued = true;
        _interrupts.Push(queue.Id);
    }

    private void End(int slot, SubmissionQueue submission)
    {
        parts.Commands[slot].HasDataToSend = false;
        Engine.FreeBuffer(ref parts.Commands[slot]);
        parts.Commands.Free(slot);
        submission.InFlight--;
        if (submission.IsDeleting && submission.InFlight == 0 && submission.Deleter >= 0)
        {
            ref var deleter = ref parts.Commands[submission.Deleter];
            submission.Deleter = -1;
            deleter.Pending--;
            Engine.Wake(ref deleter);
        }
    }

    private void Wait(ref CommandSlot slot, CompletionQueue queue)
    {
        slot.Next = -1;
        if (queue.LastWaiting >= 0)
        {
            parts.Commands[queue.LastWaiting].Next = slot.Index;
        }
        else
        {
            queue.FirstWaiting = slot.Index;
        }

        queue.LastWaiting = slot.Index;
    }

    private bool TryTakeInterrupt(Span<byte> into, out int length)
    {
        length = 0;
        while (_interrupts.Count > 0)
        {
            var queue = parts.Queues.Completion(_interrupts.Peek());
            if (queue.Exists && NextIsEntryOf(queue))
            {
                return false;
            }

            _interrupts.Pop();
            queue.InterruptQueued = false;
            if (queue.Exists && msix.TryRaise(queue.Vector, out var address, out var data) == MsixOutcome.Deliver)
            {
                length = WriteInterrupt(address, data, into);
                return true;
            }
        }

        return false;
    }

    private bool NextIsEntryOf(CompletionQueue queue)
    {
        if (_finished.Count == 0 || queue.IsFull)
        {
            return false;
        }

        ref var next = ref parts.Commands[_finished.Peek()];
        return !next.HasDataToSend && parts.Queues.Submission(next.SqId).CompletionQueueId == queue.Id;
    }

    private int WriteInterrupt(ulong address, uint data, Span<byte> into)
    {
        parts.Counters.Interrupts++;
        var room = new MemoryWrite(config.Rid, address & ~3UL).WriteHeader(into, 4, out var length);
        BinaryPrimitives.WriteUInt32LittleEndian(room, data);
        return length;
    }
}
