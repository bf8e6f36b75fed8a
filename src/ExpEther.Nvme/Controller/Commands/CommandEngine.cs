using ExpEther.Core.Time;
using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Controller.Dma;
using ExpEther.Nvme.Controller.Logs;
using ExpEther.Nvme.Controller.Namespaces;
using ExpEther.Nvme.Controller.Queues;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands;

/// <summary>
/// Runs commands.
/// <para>
/// Theory: a command has a slot from its fetch to its completion entry. It runs when nothing it waits for is pending
/// (<see cref="CommandSlot.Pending"/>); running it starts the next things to wait for, or finishes it. What ends a wait only queues the
/// slot to run, so no command runs inside another. The first error a slot meets ends it as soon as nothing is pending. A finished command goes to
/// <see cref="Egress"/>, which sends its data, its completion entry and the interrupt, in this order.
/// </para>
/// </summary>
internal sealed class CommandEngine
{
    private const ushort CommandIdLocation = 2;
    private readonly CommandSet _set;
    private readonly SlotRing _runnable = new(ControllerLimits.CommandsMax);
    private readonly SlotRing _awaitBuffer = new(ControllerLimits.CommandsMax);
    private readonly ErrorLog _errors;

    public CommandEngine(ControllerParts parts, CommandSet set)
    {
        Parts = parts;
        _set = set;
        _errors = parts.Errors;
    }

    public ControllerParts Parts { get; }

    /// <summary>The time of the call that is being served.</summary>
    public Instant Now { get; set; }

    /// <summary>A command has come from a queue.</summary>
    public void Begin(SubmissionQueue queue, ReadOnlySpan<byte> entry)
    {
        ref var slot = ref Parts.Commands.Allocate(queue.Id, entry);
        queue.InFlight++;
        if (!slot.IsIndexed)
        {
            // §4.2: identifiers are unique among a queue's outstanding commands. The command that has it goes on.
            slot.Status = NvmeStatus.CommandIdConflict;
            slot.ErrorLocation = CommandIdLocation;
        }

        QueueToRun(ref slot);
    }

    /// <summary>Runs what can run.</summary>
    /// <returns>True when something did.</returns>
    public bool RunReady()
    {
        if (_runnable.Count == 0)
        {
            return false;
        }

        while (_runnable.Count > 0)
        {
            ref var slot = ref Parts.Commands[_runnable.Pop()];
            slot.IsQueuedToRun = false;
            if (slot.State != SlotState.Running || slot.Pending > 0)
            {
                continue;
            }

            if (slot.Status.IsSuccess)
            {
                Run(ref slot);
            }
            else if (!slot.PrpPending)
            {
                Finish(ref slot, slot.Status, slot.ErrorLocation);
            }
        }

        return true;
    }

    /// <summary>Something the slot waited for has ended.</summary>
    public void Wake(ref CommandSlot slot)
    {
        if (slot.Pending == 0)
        {
            QueueToRun(ref slot);
        }
    }

    /// <summary>Checks the PRPs of a transfer and asks for a buffer; the command runs again when it has one.</summary>
    /// <param name="slot">The command.</param>
    /// <param name="bytes">How much is transferred.</param>
    /// <param name="bufferBytes">How much memory it needs; 0: as much as is transferred.</param>
    public NvmeStatus StartTransfer(ref CommandSlot slot, int bytes, int bufferBytes = 0)
    {
        slot.DataBytes = bytes;
        var entry = Parts.Commands.Entry(slot.Index);
        var status = Parts.Prps.Start(ref slot, entry.Prp1, entry.Prp2);
        if (!status.IsSuccess)
        {
            return status;
        }

        AwaitBuffer(ref slot, Math.Max(bytes, bufferBytes));
        return NvmeStatus.Success;
    }

    /// <summary>Asks for a buffer, at most twice the largest transfer; the command runs again when it has one.</summary>
    public void AwaitBuffer(ref CommandSlot slot, int bytes)
    {
        slot.BufferBytes = bytes;
        slot.Pending++;
        _awaitBuffer.Push(slot.Index);
        GrantBuffers();
    }

    public Span<byte> Data(in CommandSlot slot) => Parts.Pool.Span(slot.Buffer, slot.DataBytes);

    /// <summary>Brings the host's data into the buffer; the command runs again when it is there.</summary>
    public void ReadHostData(ref CommandSlot slot) => Parts.Data.Start(ref slot);

    /// <summary>Hands a request to a backend; the command runs again when it is done.</summary>
    public void SubmitToBackend(
        ref CommandSlot slot, NamespaceAttachment target, BlockOperation operation, long offsetBytes, int bytes, int bufferOffset = 0)
    {
        slot.OperationBufferOffset = bufferOffset;
        slot.Operation = operation;
        slot.OffsetBytes = offsetBytes;
        slot.OperationBytes = bytes;
        slot.Pending++;
        Parts.Backends.Submit(ref slot, target);
    }

    public void OnBackendCompletion(int index, int errno)
    {
        ref var slot = ref Parts.Commands[index];
        slot.Backend = BackendState.None;
        if (slot.State == SlotState.Orphaned)
        {
            FreeBuffer(ref slot);
            Parts.Commands.Free(index);
            return;
        }

        Check.That(slot.State == SlotState.Running && slot.Pending > 0);
        if (errno != 0)
        {
            slot.Status = BackendErrors.ToStatus(slot.Operation, errno);
            Parts.Subsystem.OnStorageError(slot.NamespaceId, slot.Operation, slot.OffsetBytes, errno, Now);
            Parts.Counters.MediaErrors += slot.Status.Type == StatusCodeType.MediaAndDataIntegrity ? 1 : 0;
        }

        slot.Pending--;
        Wake(ref slot);
    }

    /// <summary>Ends a command. With <paramref name="withData"/> its buffer is sent first.</summary>
    public void Finish(ref CommandSlot slot, NvmeStatus status, ushort location = ErrorInformationEntry.None, bool withData = false)
    {
        Check.That(slot.State == SlotState.Running && slot.Pending == 0 && !slot.PrpPending);
        if (!status.IsSuccess)
        {
            Parts.Counters.CommandErrors++;
            status = Log(slot, status, location);
        }

        slot.Status = status;
        slot.State = SlotState.Finishing;
        slot.HasDataToSend = withData && status.IsSuccess;
        slot.DataIssued = 0;
        if (!slot.HasDataToSend)
        {
            FreeBuffer(ref slot);
        }

        Parts.Egress.Push(slot.Index);
    }

    public void FreeBuffer(ref CommandSlot slot)
    {
        if (slot.Buffer == CommandSlot.NoBuffer)
        {
            return;
        }

        Parts.Pool.Free(slot.Buffer);
        slot.Buffer = CommandSlot.NoBuffer;
        GrantBuffers();
    }

    /// <summary>Ends a command that no backend has yet (§5.1).</summary>
    /// <returns>False: there is no such command, or it is too late.</returns>
    public bool TryAbort(int queue, ushort commandId)
    {
        var index = Parts.Commands.Find(queue, commandId);
        if (index < 0)
        {
            return false;
        }

        ref var slot = ref Parts.Commands[index];
        if (slot.State == SlotState.Finishing)
        {
            return false;
        }

        if (slot.State == SlotState.Parked)
        {
            Parts.Events.Remove(index);
            slot.State = SlotState.Running;
            Finish(ref slot, NvmeStatus.CommandAbortRequested);
            return true;
        }

        // What a backend has in hand will end by itself.
        if (slot.Backend != BackendState.None || slot.CannotBeAborted || !slot.Status.IsSuccess)
        {
            return false;
        }

        slot.Status = NvmeStatus.CommandAbortRequested;
        Wake(ref slot);
        return true;
    }

    /// <summary>The commands of a namespace that is there no more: those that have not ended end in error, without any more effect.</summary>
    /// <param name="namespaceId">NSID.</param>
    public void Fail(uint namespaceId)
    {
        for (var i = 0; i < ControllerLimits.CommandsMax; i++)
        {
            ref var slot = ref Parts.Commands[i];
            if (slot.State == SlotState.Running && slot.SqId != 0 && slot.NamespaceId == namespaceId && slot.Status.IsSuccess)
            {
                slot.Status = NvmeStatus.InvalidNamespaceOrFormat;
                Wake(ref slot);
            }
        }

        GrantBuffers();
    }

    /// <summary>What the command waited for outside its controller has ended; the command runs again.</summary>
    public void Resume(int index, NvmeStatus status, uint result)
    {
        ref var slot = ref Parts.Commands[index];
        slot.Status = status;
        slot.Result = result;
        slot.Pending--;
        Wake(ref slot);
    }

    /// <summary>A reset: every command is gone. Slots whose buffer a backend has stay until it gives it back.</summary>
    public void Reset()
    {
        _runnable.Clear();
        _awaitBuffer.Clear();
        Parts.Egress.Reset();
        Parts.Data.Reset();
        Parts.Prps.Reset();
        Parts.Backends.DropWaiting();
        Parts.Subsystem.Changes.Forget(this);
        for (var i = 0; i < ControllerLimits.CommandsMax; i++)
        {
            ref var slot = ref Parts.Commands[i];
            if (slot.State is SlotState.Free or SlotState.Orphaned)
            {
                continue;
            }

            if (slot.Backend == BackendState.Submitted)
            {
                slot.State = SlotState.Orphaned;
                Parts.Commands.Forget(ref slot);
                continue;
            }

            FreeBuffer(ref slot);
            Parts.Commands.Free(i);
        }
    }

    private void Run(ref CommandSlot slot)
    {
        if (slot.Stage == 0 && Admit(slot) is { IsSuccess: false } refused)
        {
            // Byte 0 is the opcode, byte 1 holds FUSE and PSDT.
            Finish(ref slot, refused, refused.Is(NvmeStatus.InvalidCommandOpcode) ? (ushort)0 : (ushort)1);
            return;
        }

        _set.Find(slot.SqId, slot.Opcode)!.Run(this, ref slot);
    }

    private NvmeStatus Admit(in CommandSlot slot)
    {
        var entry = Parts.Commands.Entry(slot.Index);
        if (slot.SqId == 0)
        {
            Parts.Counters.AdminCommands++;
        }

        if (_set.Find(slot.SqId, slot.Opcode) is null)
        {
            return NvmeStatus.InvalidCommandOpcode;
        }

        // Neither fused operations nor SGLs are offered (FUSES = 0, SGLS = 0).
        return entry.Fuse != 0 || entry.Psdt != 0 ? NvmeStatus.InvalidField : NvmeStatus.Success;
    }

    private void QueueToRun(ref CommandSlot slot)
    {
        if (!slot.IsQueuedToRun)
        {
            slot.IsQueuedToRun = true;
            _runnable.Push(slot.Index);
        }
    }

    // In order of arrival, so that a large transfer is not starved by small ones.
    private void GrantBuffers()
    {
        while (_awaitBuffer.Count > 0)
        {
            ref var slot = ref Parts.Commands[_awaitBuffer.Peek()];
            if (slot.Status.IsSuccess)
            {
                if (!Parts.Pool.TryAllocate(slot.BufferBytes, out var offset))
                {
                    return;
                }

                slot.Buffer = offset;
            }

            _awaitBuffer.Pop();
            slot.Pending--;
            Wake(ref slot);
        }
    }

    private NvmeStatus Log(in CommandSlot slot, NvmeStatus status, ushort location)
    {
        // An aborted command is not an error, and an excess event request would only push real errors out of the log.
        if (status.Is(NvmeStatus.CommandAbortRequested) || status.Is(NvmeStatus.AsynchronousEventRequestLimitExceeded))
        {
            return status;
        }

        status = status.WithMore();
        _errors.Add(slot.SqId, slot.CommandId, status, location, slot.ErrorLba, slot.NamespaceId);
        return status;
    }
}
