namespace ExpEther.Link.Windows;

/// <summary>
/// Non-posted requests without credit, in order. Posted requests and completions overtake them here, never the other way: a request comes
/// here after all posted ones before it have their sequence, and PCIe 5.0 §2.4.1 lets anything pass a non-posted request.
/// </summary>
internal sealed class NonPostedAside
{
    private readonly byte[] _bytes = new byte[LinkLimits.NonPostedAsideMax * LinkLimits.NonPostedBytesMax];
    private readonly Entry[] _entries = new Entry[LinkLimits.NonPostedAsideMax];
    private int _head;

    public int Count { get; private set; }

    public bool HasRoom => Count < LinkLimits.NonPostedAsideMax;

    public void Reset() => _head = Count = 0;

    public void Add(ushort function, ulong generation, ReadOnlySpan<byte> tlp)
    {
        Check.That(HasRoom && tlp.Length <= LinkLimits.NonPostedBytesMax);
        var index = (_head + Count) % LinkLimits.NonPostedAsideMax;
        _entries[index] = new Entry(function, generation, tlp.Length);
        tlp.CopyTo(_bytes.AsSpan(index * LinkLimits.NonPostedBytesMax));
        Count++;
    }

    /// <summary>The oldest one; <see cref="Count"/> must not be 0.</summary>
    public ReadOnlySpan<byte> Peek(out ushort function, out ulong generation)
    {
        var entry = _entries[_head];
        (function, generation) = (entry.Function, entry.Generation);
        return _bytes.AsSpan(_head * LinkLimits.NonPostedBytesMax, entry.Length);
    }

    public void Remove()
    {
        Check.That(Count > 0);
        _head = (_head + 1) % LinkLimits.NonPostedAsideMax;
        Count--;
    }

    private readonly record struct Entry(ushort Function, ulong Generation, int Length);
}
