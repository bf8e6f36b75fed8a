using ExpEther.Core.Time;
using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Controller.Commands;
using ExpEther.Nvme.Controller.Logs;
using ExpEther.Nvme.Controller.Namespaces;
using ExpEther.Nvme.Pool;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Subsystem;

/// <summary>
/// An NVM subsystem (NVMe 1.4 §1.6): the namespaces there are and the controllers that share them.
/// <para>
/// Theory. A namespace is allocated here and attached to controllers; a controller knows only what is attached to it. The backends are asked
/// for completions here, by the controller that was registered first, and each completion goes to the controller that made the request, which
/// its cookie names. What does not get into a full backend waits at its controller; controllers are served in turn. Attachments outlive every
/// reset; they do not outlive the process, as nothing of a controller does.
/// </para>
/// </summary>
internal sealed class NvmSubsystem
{
    private readonly List<CommandEngine> _controllers = [];
    private readonly NvmeNamespace?[] _namespaces;
    private readonly NvmeNamespace[] _fixed;
    private readonly WaitingLine _poolLine = new();
    private readonly IEventSink _events;
    private readonly string _name;
    private bool _isPoolTaken;
    private int _turn;

    /// <param name="options">Of the first controller: its namespaces are the configured ones, NSID 1 and on.</param>
    /// <param name="pool">Where namespaces can be created; null: nowhere.</param>
    /// <param name="events">Told when the pool is of no use.</param>
    public NvmSubsystem(NvmeControllerOptions options, NamespacePool? pool, IEventSink events)
    {
        Check.That(options.Namespaces.Count > 0 || pool is not null);
        Check.That(options.Namespaces.Count <= (pool is null ? ControllerLimits.NamespacesMax : PoolLimits.FirstNamespaceId - 1));
        Pool = pool;
        _events = events;
        _name = options.Name;
        Trouble = new StorageTrouble(options.Name, events);
        _namespaces = new NvmeNamespace?[pool is null ? options.Namespaces.Count : PoolLimits.LastNamespaceId];
        _fixed = new NvmeNamespace[options.Namespaces.Count];
        for (var i = 0; i < _fixed.Length; i++)
        {
            var id = (uint)i + 1;
            _namespaces[i] = _fixed[i] = new NvmeNamespace(id, options.Namespaces[i], StableUuid.Make(options, id));
        }

        Changes = new NamespaceChanges(this);
    }

    public NamespacePool? Pool { get; }

    public NamespaceChanges Changes { get; }

    /// <summary>Queues, interrupts and states of secondary controllers; null: there are none.</summary>
    public Virtualization? Virtualization { get; set; }

    /// <summary>What is wrong with its storage.</summary>
    public StorageTrouble Trouble { get; }

    /// <summary>NN: the highest NSID there can be.</summary>
    public int NamespaceIdMax => _namespaces.Length;

    /// <summary>CNTLIDs are 0 and on.</summary>
    public int ControllerCount => _controllers.Count;

    /// <summary>Its namespaces are known.</summary>
    public bool IsReady => Pool is null || _isPoolTaken;

    /// <summary>The first namespace that can be deleted; null: there is none.</summary>
    public NvmeNamespace? FirstPooled => Array.Find(_namespaces, each => each?.Pooled is not null);

    /// <summary>Commands of any controller wait until a backend has room.</summary>
    private bool AnyWaiting => _controllers.Exists(each => each.Parts.Backends.Waiting > 0);

    /// <summary>An allocated namespace by NSID; null when there is none.</summary>
    public NvmeNamespace? Find(uint id) => id - 1 < (uint)_namespaces.Length ? _namespaces[id - 1] : null;

    /// <summary>The controllers, in the order of their CNTLIDs.</summary>
    public CommandEngine Controller(int id) => _controllers[id];

    /// <summary>The next controller of the subsystem; its CNTLID is its place.</summary>
    public void Register(CommandEngine controller)
    {
        Check.That(controller.Parts.ControllerId == _controllers.Count && _controllers.Count < ControllerLimits.ControllersMax);
        _controllers.Add(controller);
    }

    /// <summary>Attaches every namespace to a controller: to the only one there is.</summary>
    public void AttachAll(CommandEngine controller)
    {
        foreach (var each in _fixed)
        {
            controller.Parts.Backends.Attach(each);
        }
    }

    public bool IsAttached(uint id, int controller) => _controllers[controller].Parts.Backends.Find(id) is not null;

    /// <summary>A namespace is attached to any controller, or requests of a controller that had it are still in its backend.</summary>
    public bool IsInUse(uint id) => _controllers.Exists(each => each.Parts.Backends.IsInUse(id));

    public void Attach(NvmeNamespace target, int controller)
    {
        _controllers[controller].Parts.Backends.Attach(target);
        Tell(_controllers[controller], target.Id);
    }

    public void Detach(NvmeNamespace target, int controller)
    {
        var parts = _controllers[controller].Parts;
        if (parts.Backends.Find(target.Id) is { } attachment)
        {
            parts.Backends.Detach(attachment, _controllers[controller]);
            Tell(_controllers[controller], target.Id);
        }
    }

    public void DetachFromAll(NvmeNamespace target)
    {
        for (var id = 0; id < _controllers.Count; id++)
        {
            Detach(target, id);
        }
    }

    /// <summary>Tells every host that has the namespace that something about it is different.</summary>
    public void TellChanged(NvmeNamespace target)
    {
        foreach (var each in _controllers)
        {
            if (each.Parts.Backends.Find(target.Id) is not null)
            {
                Tell(each, target.Id);
            }
        }
    }

    /// <summary>Write-protects a namespace or lifts that.</summary>
    /// <returns>False: no such namespace.</returns>
    public bool SetReadOnly(uint id, bool readOnly)
    {
        if (Find(id) is not { } target)
        {
            return false;
        }

        readOnly |= target.Backend.IsReadOnly;
        if (target.IsReadOnly != readOnly)
        {
            target.IsReadOnly = readOnly;
            TellChanged(target);
        }

        return true;
    }

    public void Add(PoolNamespace pooled) => _namespaces[pooled.Id - 1] = new NvmeNamespace(pooled, _poolLine);

    public void Remove(NvmeNamespace target) => _namespaces[target.Id - 1] = null;

    /// <summary>Takes what the backends have completed, offers again what they refused, goes on with changes of namespaces.</summary>
    /// <returns>True when there was something.</returns>
    public bool Poll()
    {
        var any = false;
        foreach (var each in _fixed)
        {
            // Also of an idle backend: its last wake-up may have come after its last completion, and is cleared by asking.
            while (each.Backend.TryTakeCompletion(out var completion))
            {
                any = true;
                Complete(each.Id, completion);
            }
        }

        if (Pool is not null)
        {
            any |= PollPool(Pool);
        }

        if (AnyWaiting)
        {
            OfferWaiting();
        }

        return any | Changes.Step();
    }

    /// <summary>A backend failed: told to the box, and as a critical warning to the hosts that asked for such events (§5.21.1.11).</summary>
    public void OnStorageError(uint namespaceId, BlockOperation operation, long offsetBytes, int errno, Instant now)
    {
        if (!Trouble.OnError(namespaceId, operation, offsetBytes, errno, now))
        {
            return;
        }

        foreach (var each in _controllers)
        {
            if ((each.Parts.Features.AsyncEvents & HealthState.StorageWarnings) != 0)
            {
                each.Parts.Events.Raise(AsyncEvent.SubsystemReliability, each);
            }
        }
    }

    private bool PollPool(NamespacePool pool)
    {
        var any = pool.Poll();
        while (pool.TryTakeCompletion(out var from, out var completion))
        {
            any = true;
            Complete(from.Id, completion);
        }

        if (pool.TryTakeMending())
        {
            any |= Changes.TryStart(new MetadataRewrite());
        }

        if (pool.TakeReport() is { Length: > 0 } report)
        {
            _events.Report(EventSeverity.Warning, _name, report);
        }

        if (!_isPoolTaken && pool.State is PoolState.Ready or PoolState.Refused)
        {
            _isPoolTaken = true;
            any = true;
            if (pool.State == PoolState.Refused)
            {
                _events.Report(EventSeverity.Error, _name, $"no namespaces can be created: {pool.Problem}");
            }

            foreach (var each in pool.Namespaces)
            {
                Add(each);
            }
        }

        return any;
    }

    private void Complete(uint namespaceId, in BlockCompletion completion)
    {
        var controller = _controllers[BackendDispatch.ControllerOf(completion.Cookie)];
        controller.Parts.Backends.OnCompletion(namespaceId, completion, controller);
    }

    // One request of each controller that has some, then again, from another controller each time, until nobody gets in any more.
    private void OfferWaiting()
    {
        for (var any = true; any;)
        {
            any = false;
            for (var i = 0; i < _controllers.Count; i++)
            {
                var backends = _controllers[(_turn + i) % _controllers.Count].Parts.Backends;
                any |= backends.Waiting > 0 && backends.TryOfferWaiting();
            }

            _turn = (_turn + 1) % _controllers.Count;
        }
    }

    private static void Tell(CommandEngine controller, uint namespaceId)
    {
        controller.Parts.Changed.Add(namespaceId);
        if ((controller.Parts.Features.AsyncEvents & FeatureSet.NamespaceAttributeNotices) != 0)
        {
            controller.Parts.Events.Raise(AsyncEvent.NamespaceAttributeChanged, controller);
        }
    }
}
