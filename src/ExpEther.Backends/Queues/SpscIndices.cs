using System.Runtime.InteropServices;

namespace ExpEther.Backends.Queues;

/// <summary>The two indices of a <see cref="SpscRing{T}"/>, on cache lines of their own and away from their neighbours.</summary>
[StructLayout(LayoutKind.Explicit, Size = 192)]
internal struct SpscIndices
{
    /// <summary>The consumer's: how many were taken.</summary>
    [FieldOffset(64)]
    public long Head;

    /// <summary>The producer's: how many were put in.</summary>
    [FieldOffset(128)]
    public long Tail;
}
