using System.Buffers.Binary;
using ExpEther.Core.Scheduling;

namespace ExpEther.Bridge.Io.Ownership;

/// <summary>
/// Who owns what (functions, private namespaces), and the generations: the sole authority in the fabric. Every change is made
/// durable before anything acts on it.
/// <para>
/// A generation is a 32-bit incarnation above a 21-bit counter, so that two assignments never have the same one: the counter goes up with
/// every assignment and is kept; when the kept state is lost or the counter is used up, a new random incarnation begins. 53 bits together:
/// a reader of JSON that knows numbers only as doubles (RFC 8259 §6) must not round one generation to another.
/// </para>
/// </summary>
internal sealed class OwnershipTable(IOwnershipStore store, IRandomSource random, OwnerSignal changed, IEventSink events, string box)
{
    private readonly Dictionary<string, OwnershipRecord> _owners = [];
    private readonly Dictionary<(string Device, uint Id), NamespaceRecord> _namespaces = [];
    private readonly Dictionary<string, NamespaceIntent> _intents = [];
    private long _version;
    private long _durable;
    private uint _incarnation;
    private uint _counter;

    /// <summary>Something written is not durable yet.</summary>
    public bool IsPending => _durable < _version;

    public void Load()
    {
        if (store.Load() is { } image)
        {
            _version = _durable = image.Version;
            _incarnation = image.Incarnation;
            _counter = image.Counter;
            foreach (var record in image.Owners)
            {
                _owners[record.Function] = record;
            }

            foreach (var record in image.Namespaces)
            {
                _namespaces[(record.Device, record.Id)] = record;
            }

            foreach (var intent in image.Intents)
            {
                _intents[intent.Device] = intent;
            }

            return;
        }

        _incarnation = NewIncarnation();
        events.Report(EventSeverity.Information, box, $"no ownership is kept: incarnation {_incarnation:x8} begins");
    }

    /// <summary>Why nothing can be given or taken now, in words; empty: it can.</summary>
    public string Trouble { get; private set; } = "";

    public OwnershipRecord? OwnerOf(string function) => _owners.GetValueOrDefault(function);

    /// <summary>How many namespaces have an owner, those included whose device is not here.</summary>
    public int NamespaceCount => _namespaces.Count;

    /// <summary>The namespace that is being made on a device, or was when the box ended; null: none.</summary>
    public NamespaceIntent? IntentOf(string device) => _intents.GetValueOrDefault(device);

    public IReadOnlyList<NamespaceRecord> NamespacesOf(string device) => [.. _namespaces.Values.Where(n => n.Device == device)];

    /// <summary>A generation that was never given out. It counts once it is recorded.</summary>
    public ulong NextGeneration()
    {
        if (_counter >= IoBridgeLimits.GenerationCounterMax)
        {
            _incarnation = NewIncarnation();
            _counter = 0;
        }

        return ((ulong)_incarnation << IoBridgeLimits.GenerationCounterBits) | ++_counter;
    }

    /// <summary>Makes a record durable in place of the function's last one.</summary>
    /// <param name="function">The function's name.</param>
    /// <param name="record">Its owner; null: none.</param>
    /// <param name="namespaces">Namespaces that go with it: in the same image, so that a crash never parts them.</param>
    /// <returns>False: not durable in time. It may become so later; the function is not given to anyone meanwhile.</returns>
    public Task<bool> RecordAsync(string function, OwnershipRecord? record, IReadOnlyList<NamespaceRecord>? namespaces = null)
    {
        Put(function, record);
        Put(namespaces ?? []);
        return SaveAsync();
    }

    /// <summary>Makes durable that a namespace is being made.</summary>
    /// <returns>As <see cref="RecordAsync"/>.</returns>
    public Task<bool> RecordIntentAsync(NamespaceIntent intent)
    {
        _intents[intent.Device] = intent;
        return SaveAsync();
    }

    /// <summary>Nothing is being made there any more; nobody waits for the record of that.</summary>
    public void ForgetIntent(string device)
    {
        if (_intents.Remove(device))
        {
            Save();
        }
    }

    /// <summary>Makes the owners of namespaces durable.</summary>
    /// <param name="put">New, or in place of what was recorded.</param>
    /// <param name="remove">They are gone.</param>
    /// <param name="made">The device whose <see cref="NamespaceIntent"/> comes to its end by that; empty: none.</param>
    /// <returns>As <see cref="RecordAsync"/>.</returns>
    public Task<bool> RecordNamespacesAsync(IReadOnlyList<NamespaceRecord> put, IReadOnlyList<NamespaceRecord> remove, string made = "")
    {
        _intents.Remove(made);
        foreach (var record in remove)
        {
            _namespaces.Remove((record.Device, record.Id));
        }

        Put(put);
        return SaveAsync();
    }

    /// <summary>
    /// Makes durable what is recorded, as it is: whoever is about to take a function from its owner learns first whether the change could be kept.
    /// </summary>
    /// <returns>As <see cref="RecordAsync"/>.</returns>
    public Task<bool> ProbeAsync() => SaveAsync();

    /// <summary>Notes where private namespaces are seen; nobody waits for it. Owners stay as they are.</summary>
    public void NotePlaces(IReadOnlyList<NamespaceRecord> places)
    {
        Put([.. places.Where(p => _namespaces.TryGetValue((p.Device, p.Id), out var now) && now == p with { SeenBy = now.SeenBy })]);
        Save();
    }

    /// <summary>Puts the records before back in place of some whose durability is in doubt; nobody waits for it.</summary>
    public void TakeBack(string function, OwnershipRecord? before, IReadOnlyList<NamespaceRecord>? namespacesBefore = null)
    {
        Put(function, before);
        Put(namespacesBefore ?? []);
        Save();
    }

    /// <summary>As <see cref="TakeBack"/>, of one namespace.</summary>
    /// <param name="device">The device.</param>
    /// <param name="id">NSID.</param>
    /// <param name="before">The record before; null: none.</param>
    /// <param name="intent">It was being made, and still is to be deleted again; null: it was not.</param>
    public void TakeBackNamespace(string device, uint id, NamespaceRecord? before, NamespaceIntent? intent = null)
    {
        if (intent is not null)
        {
            _intents[device] = intent;
        }

        _namespaces.Remove((device, id));
        Put(before is null ? [] : [before]);
        Save();
    }

    /// <summary>Waits until everything that was written is durable; then what is asked of this table is, until its owner's next turn.</summary>
    /// <returns>False: it was not in time.</returns>
    public async Task<bool> SettleAsync()
    {
        var isDurable = true;
        while (IsPending && isDurable)
        {
            isDurable = await changed.WaitUntil(() => !IsPending, IoBridgeLimits.RecordTimeout);
        }

        return isDurable;
    }

    /// <summary>Looks whether what was written has become durable.</summary>
    public void Poll()
    {
        if (IsPending && store.IsDurable(_version))
        {
            _durable = _version;
            Trouble = "";
            changed.Set();
        }
    }

    private void Put(string function, OwnershipRecord? record)
    {
        if (record is null)
        {
            _owners.Remove(function);
        }
        else
        {
            _owners[function] = record;
        }
    }

    private void Put(IReadOnlyList<NamespaceRecord> records)
    {
        foreach (var record in records)
        {
            _namespaces[(record.Device, record.Id)] = record;
        }
    }

    private async Task<bool> SaveAsync()
    {
        var version = Save();
        var isDurable = await changed.WaitUntil(() => _durable >= version, IoBridgeLimits.RecordTimeout);
        Trouble = isDurable || !IsPending ? Trouble : "what belongs to whom cannot be made durable: look at the disk that holds the box's state";
        return isDurable;
    }

    private long Save()
    {
        var version = ++_version;
        store.Save(new OwnershipImage(version, _incarnation, _counter, [.. _owners.Values.OrderBy(o => o.Function, StringComparer.Ordinal)])
        {
            Namespaces = [.. _namespaces.Values.OrderBy(n => n.Device, StringComparer.Ordinal).ThenBy(n => n.Id)],
            Intents = [.. _intents.Values.OrderBy(i => i.Device, StringComparer.Ordinal)],
        });
        Poll();
        return version;
    }

    private uint NewIncarnation()
    {
        Span<byte> bytes = stackalloc byte[4];
        random.Fill(bytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }
}
