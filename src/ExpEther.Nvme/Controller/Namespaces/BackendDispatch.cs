using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Controller.Commands;
using ExpEther.Nvme.Controller.Dma;

namespace ExpEther.Nvme.Controller.Namespaces;

/// <summary>
/// Hands requests to the backends and takes their completions. A command that a full backend refused waits in its namespace's list, in
/// order. A reset drops the waiting ones; what a backend has in hand cannot be taken back and is waited for (<see cref="InFlight"/>).
/// </summary>
internal sealed class BackendDispatch
{
    private const uint ShutdownCookie = 0x8000_0000;
    private readonly NvmeNamespace[] _namespaces;
    private readonly CommandTable _commands;
    private readonly BufferPool _pool;

    public BackendDispatch(NvmeControllerOptions options, CommandTable commands, BufferPool pool)
    {
        Check.That(options.Namespaces.Count is > 0 and <= ControllerLimits.NamespacesMax);
        _commands = commands;
        _pool = pool;
        _namespaces = new NvmeNamespace[options.Namespaces.Count];
        for (var i = 0; i < _namespaces.Length; i++)
        {
            _namespaces[i] = new NvmeNamespace((uint)i + 1, options.Namespaces[i], options);
        }
    }

    public int Count => _namespaces.Length;

    /// <summary>Requests in all backends.</summary>
    public int InFlight { get; private set; }

    /// <summary>Flushes of the last shutdown that failed.</summary>
    public int ShutdownErrors { get; private set; }

    public bool AreAllReadOnly => Array.TrueForAll(_namespaces, each => each.IsReadOnly);

    /// <summary>A namespace by NSID; null when there is none.</summary>
    public NvmeNamespace? Find(uint id) => id - 1 < (uint)_namespaces.Length ? _namespaces[id - 1] : null;

    public void Submit(ref CommandSlot slot, NvmeNamespace target)
    {
        if (target.FirstWaiting < 0 && TrySubmit(ref slot, target))
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
    }

    /// <summary>Begins the flush of every namespace that a shutdown needs; nothing else is in flight.</summary>
    public void StartShutdownFlushes()
    {
        Check.That(InFlight == 0);
        ShutdownErrors = 0;
        foreach (var each in _namespaces)
        {
            // An idle backend has room for one request.
            if (each.Backend.TrySubmit(new BlockRequest(BlockOperation.Flush, 0, 0, default, ShutdownCookie)))
            {
                each.InFlight++;
                InFlight++;
            }
            else
            {
                ShutdownErrors++;
            }
        }
    }

    /// <summary>Takes what the backends have completed and offers again what they refused.</summary>
    /// <returns>True when there was something.</returns>
    public bool Poll(CommandEngine engine)
    {
        var any = false;
        foreach (var each in _namespaces)
        {
            // Also of an idle backend: its last wake-up may have come after its last completion, and is cleared by asking.
            while (each.Backend.TryTakeCompletion(out var completion))
            {
                any = true;
                each.InFlight--;
                InFlight--;
                if (completion.Cookie == ShutdownCookie)
                {
                    ShutdownErrors += completion.Error != 0 ? 1 : 0;
                }
                else
                {
                    engine.OnBackendCompletion((int)completion.Cookie, completion.Error);
                }
            }

            while (each.FirstWaiting >= 0)
            {
                ref var slot = ref _commands[each.FirstWaiting];
                var next = slot.Next;
                if (!TrySubmit(ref slot, each))
                {
                    break;
                }

                each.FirstWaiting = next;
                if (next < 0)
                {
                    each.LastWaiting = -1;
                }
            }
        }

        return any;
    }

    public void DropWaiting()
    {
        foreach (var each in _namespaces)
        {
            each.FirstWaiting = -1;
            each.LastWaiting = -1;
        }
    }

    /// <summary>Features that belong to namespaces go back to their defaults.</summary>
    public void ResetFeatures()
    {
        foreach (var each in _namespaces)
        {
            each.ErrorRecovery = 0;
        }
    }

    private bool TrySubmit(ref CommandSlot slot, NvmeNamespace target)
    {
        var buffer = slot.Operation is BlockOperation.Read or BlockOperation.Write
            ? _pool.Memory(slot.Buffer + slot.OperationBufferOffset, slot.OperationBytes)
            : default;
        if (!target.Backend.TrySubmit(new BlockRequest(slot.Operation, slot.OffsetBytes, slot.OperationBytes, buffer, (uint)slot.Index)))
        {
            return false;
        }

        slot.Backend = BackendState.Submitted;
        target.InFlight++;
        InFlight++;
        return true;
    }
}
