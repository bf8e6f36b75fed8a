#pragma warning disable CA1822, IDE0060
using ExpEther.Core.Time;

namespace ExpEther.Pcie.Tlp;

/// <summary>Outstanding non-posted requests by requester ID and tag: bounded, allocation-free.</summary>
public sealed class OutstandingRequests<T>(int capacity)
    where T : struct
{
    public int Capacity { get; } = capacity;

    /// <summary>Entries held, quarantined ones included.</summary>
    public int Count => throw new NotImplementedException();

    public int QuarantinedCount => throw new NotImplementedException();

    /// <summary>When <see cref="TryExpire"/> has something next; null when no live entry is held.</summary>
    public Instant? NextDeadline => throw new NotImplementedException();

    /// <returns>False: the table is full, or this requester ID and tag are in use (live or quarantined).</returns>
    public bool TryAdd(Rid rid, Tag tag, in T value, Instant deadline) => throw new NotImplementedException();

    public OutstandingState StateOf(Rid rid, Tag tag) => throw new NotImplementedException();

    /// <summary>A live entry's value.</summary>
    public bool TryGet(Rid rid, Tag tag, out T value) => throw new NotImplementedException();

    /// <summary>Replaces a live entry's value (bytes still to come, say).</summary>
    public bool TryUpdate(Rid rid, Tag tag, in T value) => throw new NotImplementedException();

    /// <summary>The final completion came: frees the tag. True with the value when the entry was live; false when it was quarantined (now free) or unknown.</summary>
    public bool TryRemove(Rid rid, Tag tag, out T value) => throw new NotImplementedException();

    /// <summary>Hands out one live entry whose deadline has come, and quarantines it. Call until false.</summary>
    public bool TryExpire(Instant now, out Rid rid, out Tag tag, out T value) => throw new NotImplementedException();

    /// <summary>Removes any one live entry (the link died: complete it otherwise). Quarantined ones stay; see <see cref="Clear"/>.</summary>
    public bool TryTakeLive(out Rid rid, out Tag tag, out T value) => throw new NotImplementedException();

    /// <summary>Frees everything held for a requester ID, quarantined tags included. Returns how many.</summary>
    public int Release(Rid rid) => throw new NotImplementedException();

    /// <summary>Entries held for a requester ID, quarantined ones included.</summary>
    public int CountOf(Rid rid) => throw new NotImplementedException();

    public void Clear() => throw new NotImplementedException();
}
