using System.Buffers.Binary;
using ExpEther.Core.Scheduling;

namespace ExpEther.Bridge.Io.Ownership;

/// <summary>
/// Who owns what, and the generations: the sole authority in the fabric. Every change is made durable before anything acts on it.
/// <para>
/// A generation is a 32-bit incarnation above a 21-bit counter, so that two assignments never have the same one: the counter goes up with
/// every assignment and is kept; when the kept state is lost or the counter is used up, a new random incarnation begins. 53 bits together:
/// a reader of JSON that knows numbers only as doubles (RFC 8259 §6) must not round one generation to another.
/// </para>
/// </summary>
internal sealed class OwnershipTable(IOwnershipStore store, IRandomSource random, OwnerSignal changed, IEventSink events, string box)
{
    private readonly Dictionary<string, OwnershipRecord> _owners = [];
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

            return;
        }

        _incarnation = NewIncarnation();
        events.Report(EventSeverity.Information, box, $"no ownership is kept: incarnation {_incarnation:x8} begins");
    }

    public OwnershipRecord? OwnerOf(string function) => _owners.GetValueOrDefault(function);

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
    /// <returns>False: not durable in time. It may become so later; the function is not given to anyone meanwhile.</returns>
    public async Task<bool> RecordAsync(string function, OwnershipRecord? record)
    {
        Put(function, record);
        var version = Save();
        return await changed.WaitUntil(() => _durable >= version, IoBridgeLimits.RecordTimeout);
    }

    /// <summary>Puts the record before back in place of one whose durability is in doubt; nobody waits for it.</summary>
    public void TakeBack(string function, OwnershipRecord? before)
    {
        Put(function, before);
        Save();
    }

    /// <summary>Looks whether what was written has become durable.</summary>
    public void Poll()
    {
        if (IsPending && store.IsDurable(_version))
        {
            _durable = _version;
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

    private long Save()
    {
        var version = ++_version;
        store.Save(new OwnershipImage(version, _incarnation, _counter, [.. _owners.Values.OrderBy(o => o.Function, StringComparer.Ordinal)]));
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
