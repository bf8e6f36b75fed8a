using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Controller.Commands;
using ExpEther.Nvme.Controller.Dma;

namespace ExpEther.Nvme.Controller.Namespaces;

/// <summary>
/// One controller's way to the backends of the namespaces that are attached to it: hands them requests and gets the completions that the
/// subsystem takes for it. A command that a full backend refused waits in its namespace's list, in order. A reset drops the waiting ones;
/// what a backend has in hand cannot be taken back and is waited for (<see cref="InFlight"/>).
/// <para>
/// A cookie says whose a request is: the slot of the command (7:0), the controller (15:8), a flush of a shutdown (31).
/// </para>
/// </summary>
internal sealed class BackendDispatch
{
    private const uint ShutdownCookie = 0x8000_0000;
    private const int ControllerShift = 8;
    private const uint SlotMask = ControllerLimits.CommandsMax - 1;

    private readonly NamespaceAttachment?[] _attachments;
    private readonly List<NamespaceAttachment> _all = [];
    private readonly CommandTable _commands;
    private readonly BufferPool _pool;
    private readonly uint _cookie;

    /// <param name="controllerId">CNTLID, below 256.</param>
    /// <param name="namespaceIdMax">The highest NSID there can be.</param>
    /// <param name="commands">The controller's.</param>
    /// <param name="pool">The controller's.</param>
    public BackendDispatch(int controllerId, int namespaceIdMax, CommandTable commands, BufferPool pool)
    {
        Check.That(controllerId is >= 0 and < ControllerLimits.ControllersMax);
        _cookie = (uint)controllerId << ControllerShift;
        _attachments = new NamespaceAttachment?[namespaceIdMax];
        _commands = commands;
        _pool = pool;
    }

    /// <summary>The highest NSID there can be.</summary>
    public int NamespaceIdMax => _attachments.Length;

    /// <summary>Requests of this controller in all backends, and flushes of its shutdown that wait to get there.</summary>
    public int InFlight { get; private set; }

    /// <summary>Commands and flushes that wait until a backend has room.</summary>
    public int Waiting { get; private set; }

    /// <summary>Flushes of the last shutdown that failed.</summary>
    public int ShutdownErrors { get; private set; }

    public static int ControllerOf(uint cookie) => (int)(cookie >> ControllerShift) & (ControllerLimits.ControllersMax - 1);

    /// <summary>An attached namespace by NSID; null when there is none.</summary>
    public NamespaceAttachment? Find(uint id)
    {
        var found = id - 1 < (uint)_attachments.Length ? _attachments[id - 1] : null;
        return found is { IsActive: true } ? found : null;
    }

    /// <summary>The first attached namespace whose NSID is at least <paramref name="id"/>; null: there is none.</summary>
    public NamespaceAttachment? FindFrom(uint id)
    {
        for (var at = Math.Max(id, 1); at <= (uint)_attachments.Length; at++)
        {
            if (Find(at) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>This controller has it, or is still waiting for what it asked of it.</summary>
    public bool IsInUse(uint id) => _attachments[id - 1] is not null;

    public void Attach(NvmeNamespace target)
    {
        Check.That(_attachments[target.Id - 1] is null);
        var attachment = new NamespaceAttachment(target);
        _attachments[target.Id - 1] = attachment;
        _all.Add(attachment);
    }

    /// <summary>The host sees the namespace no more. Its commands end in error; those that the backend has end when it is done with them.</summary>
    public void Detach(NamespaceAttachment attachment, CommandEngine engine)
    {
        attachment.IsActive = false;
        engine.Fail(attachment.Id);
        for (var index = attachment.FirstWaiting; index >= 0;)
        {
            ref var slot = ref _commands[index];
            index = slot.Next;
            slot.Backend = BackendState.None;
            slot.Pending--;
            engine.Wake(ref slot);
        }

        DropWaiting(attachment);
        RemoveIfDrained(attachment);
    }

    public void Submit(ref CommandSlot slot, NamespaceAttachment target)
    {
        if (target.Namespace.Line.Count == 0 && TrySubmit(ref slot, target))
        {
            return;
        }

        slot.Backend = BackendState.Waiting;
        slot.Next = -1;
        if (target.LastWaiting >= 0)
        {
            _commands[target.LastWaiting].Next = slot.Index;
        }
        else
        {
            target.FirstWaiting = slot.Index;
        }

        target.LastWaiting = slot.Index;
        Wait(target, 1);
    }

    /// <summary>Begins the flush of every namespace that a shutdown needs; nothing else is in flight.</summary>
    public void StartShutdownFlushes()
    {
        Check.That(InFlight == 0);
        ShutdownErrors = 0;
        foreach (var each in _all)
        {
            InFlight++;
            if (!TrySubmitShutdownFlush(each))
            {
                each.OwesShutdownFlush = true;
                Wait(each, 1);
            }
        }
    }

    /// <summary>A backend is done with a request of this controller.</summary>
    /// <param name="from">NSID.</param>
    /// <param name="completion">As the backend gave it.</param>
    /// <param name="engine">The controller's.</param>
    public void OnCompletion(uint from, in BlockCompletion completion, CommandEngine engine)
    {
        var attachment = _attachments[from - 1]!;
        attachment.InFlight--;
        InFlight--;
        if ((completion.Cookie & ShutdownCookie) != 0)
        {
            OnShutdownFlushed(from, completion.Error, engine);
        }
        else
        {
            engine.OnBackendCompletion((int)(completion.Cookie & SlotMask), completion.Error);
        }

        RemoveIfDrained(attachment);
    }

    private void OnShutdownFlushed(uint from, int error, CommandEngine engine)
    {
        if (error != 0)
        {
            ShutdownErrors++;
            engine.Parts.Subsystem.OnStorageError(from, BlockOperation.Flush, 0, error, engine.Now);
        }
    }

    /// <summary>Offers again what each backend refused: the first that waits for it.</summary>
    /// <returns>False: none was taken.</returns>
    public bool TryOfferWaiting()
    {
        var any = false;
        for (var i = 0; i < _all.Count && Waiting > 0; i++)
        {
            var each = _all[i];
            if (each.OwesShutdownFlush)
            {
                if (TrySubmitShutdownFlush(each))
                {
                    each.OwesShutdownFlush = false;
                    Wait(each, -1);
                    any = true;
                }
            }
            else if (each.FirstWaiting >= 0)
            {
                any |= TryOfferFirst(each);
            }
        }

        return any;
    }

    /// <summary>A reset: what waits for a backend is forgotten.</summary>
    public void DropWaiting()
    {
        foreach (var each in _all)
        {
            DropWaiting(each);
        }
    }

    /// <summary>Features that belong to namespaces go back to their defaults.</summary>
    public void ResetFeatures()
    {
        foreach (var each in _all)
        {
            each.ErrorRecovery = 0;
        }
    }

    private bool TryOfferFirst(NamespaceAttachment target)
    {
        ref var slot = ref _commands[target.FirstWaiting];
        var next = slot.Next;
        if (!TrySubmit(ref slot, target))
        {
            return false;
        }

        target.FirstWaiting = next;
        if (next < 0)
        {
            target.LastWaiting = -1;
        }

        Wait(target, -1);
        return true;
    }

    private void DropWaiting(NamespaceAttachment attachment)
    {
        for (var index = attachment.FirstWaiting; index >= 0; index = _commands[index].Next)
        {
            Wait(attachment, -1);
        }

        attachment.FirstWaiting = -1;
        attachment.LastWaiting = -1;
        if (attachment.OwesShutdownFlush)
        {
            attachment.OwesShutdownFlush = false;
            Wait(attachment, -1);
            InFlight--;
        }
    }

    private void Wait(NamespaceAttachment attachment, int change)
    {
        Waiting += change;
        attachment.Namespace.Line.Count += change;
    }

    private void RemoveIfDrained(NamespaceAttachment attachment)
    {
        if (!attachment.IsActive && attachment.InFlight == 0)
        {
            _attachments[attachment.Id - 1] = null;
            _all.Remove(attachment);
        }
    }

    private bool TrySubmitShutdownFlush(NamespaceAttachment target)
    {
        if (!target.Backend.TrySubmit(new BlockRequest(BlockOperation.Flush, 0, 0, default, _cookie | ShutdownCookie)))
        {
            return false;
        }

        target.InFlight++;
        return true;
    }

    private bool TrySubmit(ref CommandSlot slot, NamespaceAttachment target)
    {
        var buffer = slot.Operation is BlockOperation.Read or BlockOperation.Write
            ? _pool.Memory(slot.Buffer + slot.OperationBufferOffset, slot.OperationBytes)
            : default;
        var request = new BlockRequest(slot.Operation, slot.OffsetBytes, slot.OperationBytes, buffer, _cookie | (uint)slot.Index);
        if (!target.Backend.TrySubmit(request))
        {
            return false;
        }

        slot.Backend = BackendState.Submitted;
        target.InFlight++;
        InFlight++;
        return true;
    }
}
