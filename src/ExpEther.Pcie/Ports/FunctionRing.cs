using System.Numerics;

namespace ExpEther.Pcie.Ports;

/// <summary>
/// Whose turn it is among functions that may have something to send. One that turned out to have nothing is asked again after it was woken;
/// one that is held keeps its place and is passed over.
/// </summary>
internal sealed class FunctionRing(int functions)
{
    private readonly ulong[] _awake = new ulong[(functions + 63) / 64];
    private readonly ulong[] _held = new ulong[(functions + 63) / 64];
    private int _last = functions - 1;

    public void Wake(int function) => _awake[function >> 6] |= Bit(function);

    /// <summary>Wakes functions 0 to <paramref name="last"/>.</summary>
    public void WakeAll(int last)
    {
        for (var first = 0; first <= last; first += 64)
        {
            _awake[first >> 6] |= last - first >= 63 ? ulong.MaxValue : (2UL << (last - first)) - 1;
        }
    }

    public void Sleep(int function) => _awake[function >> 6] &= ~Bit(function);

    public void Hold(int function, bool held)
    {
        ref var word = ref _held[function >> 6];
        word = held ? word | Bit(function) : word & ~Bit(function);
    }

    /// <summary>Nobody is awake, nobody is held.</summary>
    public void Clear()
    {
        Array.Clear(_awake);
        Array.Clear(_held);
    }

    /// <summary>The next one after the one before that is awake and not held.</summary>
    public bool TryNext(out int function)
    {
        var start = _last + 1 < functions ? _last + 1 : 0;
        var word = start >> 6;
        var mask = ulong.MaxValue << (start & 63);
        // The word where it began is looked at twice, the second time without a mask.
        for (var left = _awake.Length; left >= 0; left--)
        {
            var ready = _awake[word] & ~_held[word] & mask;
            if (ready != 0)
            {
                function = _last = (word << 6) + BitOperations.TrailingZeroCount(ready);
                return true;
            }

            mask = ulong.MaxValue;
            word = word + 1 < _awake.Length ? word + 1 : 0;
        }

        function = -1;
        return false;
    }

    private static ulong Bit(int function) => 1UL << (function & 63);
}
