using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace ExpEther.Bridge.Hosts;

/// <summary>A non-posted request's bytes, by value: a header, and the operands of an atomic.</summary>
internal struct RequestBytes
{
    /// <summary>The longest: a compare-and-swap of 16 bytes behind a header of 4 DW (PCIe 5.0 §2.2.7).</summary>
    public const int BytesMax = 48;

    private Room _room;
    private byte _length;

    /// <summary>None: nothing was set, or it was too long.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Span => ((ReadOnlySpan<byte>)_room)[.._length];

    public void Set(ReadOnlySpan<byte> request)
    {
        _length = (byte)(request.Length <= BytesMax ? request.Length : 0);
        request[.._length].CopyTo(_room);
    }

    [InlineArray(BytesMax)]
    private struct Room
    {
        private byte _first;
    }
}
