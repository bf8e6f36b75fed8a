using ExpEther.Core.Time;

namespace ExpEther.Bridge.Io.Traffic;

/// <summary>
/// What one function has sent and its owner's link has not taken: usually nothing. The first TLP may be half sent (cut into pieces). While
/// something is here, what the function sends next goes behind it, and its siblings pass.
/// </summary>
internal sealed class FunctionOutput
{
    private readonly HeldTlp?[] _held = new HeldTlp?[IoBridgeLimits.HeldTlpsPerFunctionMax];
    private int _head;

    public int Count { get; private set; }

    /// <summary>TLPs ever put in, and ever gone: what was in at a time has gone when the second reaches what the first was.</summary>
    public long Added { get; private set; }

    public long Gone { get; private set; }

    /// <summary>Sequences that wait for something to be gone.</summary>
    public int Waiters { get; set; }

    /// <summary>When the link last took something of it, or the first TLP came.</summary>
    public Instant ProgressAt { get; set; }

    /// <summary>Since when its being full keeps others waiting; null: it does not.</summary>
    public Instant? BlocksSince { get; set; }

    public bool IsFull => Count == _held.Length;

    public HeldTlp First => _held[_head]!;

    /// <summary>Puts a TLP behind the others.</summary>
    /// <returns>What the next TLP can be taken into.</returns>
    public HeldTlp Add(HeldTlp tlp, Instant now)
    {
        Check.That(!IsFull);
        ProgressAt = Count == 0 ? now : ProgressAt;
        ref var slot = ref _held[(_head + Count) % _held.Length];
        var free = slot ?? new HeldTlp();
        slot = tlp;
        Count++;
        Added++;
        return free;
    }

    public void RemoveFirst()
    {
        _head = (_head + 1) % _held.Length;
        Count--;
        Gone++;
    }

    /// <summary>The device was reset: what it said before is void.</summary>
    public void Clear()
    {
        Count = 0;
        Gone = Added;
    }
}
