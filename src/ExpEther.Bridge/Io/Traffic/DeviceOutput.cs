using ExpEther.Bridge.Io.Functions;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Io.Traffic;

/// <summary>
/// What has been taken from a device and has not left: usually nothing. The first TLP may be half sent (cut into pieces); more are only
/// held while the owner's link has no room and the I/O bridge waits for an answer of its own from behind them.
/// </summary>
internal sealed class DeviceOutput
{
    private readonly byte[][] _held = new byte[IoBridgeLimits.HeldTlpsPerDeviceMax][];
    private readonly int[] _lengths = new int[IoBridgeLimits.HeldTlpsPerDeviceMax];
    private int _head;

    public int Count { get; private set; }

    /// <summary>TLPs ever put in, and ever gone: what was in at a time has gone when the second reaches what the first was.</summary>
    public long Added { get; private set; }

    public long Gone { get; private set; }

    /// <summary>Sequences that wait for something to be gone.</summary>
    public int Waiters { get; set; }

    public bool IsFull => Count == _held.Length;

    /// <summary>The first TLP: as the device made it, and from its translation on, which happens in place, as it goes out.</summary>
    public Span<byte> First => _held[_head].AsSpan(0, _lengths[_head]);

    /// <summary>Payload bytes of <see cref="First"/> that have been sent.</summary>
    public int OutOffset { get; set; }

    /// <summary>Whose the first TLP is, once translated; null: not yet.</summary>
    public IoFunction? OutFunction { get; set; }

    public ulong OutGeneration { get; set; }

    /// <summary>Where the next TLP taken from the device goes; then <see cref="Add"/>.</summary>
    public Span<byte> Room => _held[(_head + Count) % _held.Length] ??= new byte[TlpLimits.BytesMax];

    public void Add(int length)
    {
        Added++;
        _lengths[(_head + Count) % _held.Length] = length;
        Count++;
    }

    public void RemoveFirst()
    {
        _head = (_head + 1) % _held.Length;
        Count--;
        Gone++;
        OutOffset = 0;
        OutFunction = null;
    }

    /// <summary>The device was reset: what it said before is void.</summary>
    public void Clear()
    {
        Count = 0;
        Gone = Added;
        OutOffset = 0;
        OutFunction = null;
    }
}
