namespace ExpEther.RootComplex.Enumeration;

/// <summary>Hands out naturally aligned ranges of one window, upwards, first fit. What was handed out can be given back.</summary>
public sealed class AddressAllocator(AddressWindow window)
{
    private readonly List<AddressWindow> _used = [];

    public AddressWindow Window { get; } = window;

    /// <param name="bytes">More than 0.</param>
    /// <param name="align">A power of two.</param>
    /// <param name="range">What was found.</param>
    public bool TryAllocate(ulong bytes, ulong align, out AddressWindow range)
    {
        Check.That(bytes > 0 && align > 0 && (align & (align - 1)) == 0);
        range = default;
        if (Window.IsEmpty)
        {
            return false;
        }

        var at = AlignUp(Window.Base, align);
        var index = 0;
        for (; index < _used.Count; index++)
        {
            if (at + bytes <= _used[index].Base)
            {
                break;
            }

            at = Math.Max(at, AlignUp(_used[index].Limit + 1, align));
        }

        if (at < Window.Base || at - Window.Base > Window.Bytes || bytes > Window.Bytes - (at - Window.Base))
        {
            return false;
        }

        range = new AddressWindow(at, bytes);
        _used.Insert(index, range);
        return true;
    }

    public void Free(AddressWindow range) => Check.That(_used.Remove(range));

    internal static ulong AlignUp(ulong value, ulong align) => (value + align - 1) & ~(align - 1);
}
