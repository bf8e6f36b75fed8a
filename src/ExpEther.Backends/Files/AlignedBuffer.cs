using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ExpEther.Backends.Files;

/// <summary>Pinned memory at a page border, as O_DIRECT wants it at most.</summary>
internal static class AlignedBuffer
{
    public const int AlignmentBytes = 4096;

    public static Memory<byte> Make(int bytes)
    {
        var array = GC.AllocateArray<byte>(bytes + AlignmentBytes, pinned: true);
        return array.AsMemory(ToAlignment(ref array[0]), bytes);
    }

    /// <summary>Whether memory begins at a multiple of a power of two.</summary>
    // SAFETY: only the address is looked at, and the memory is pinned.
    public static unsafe bool IsAligned(Span<byte> span, int toBytes) =>
        ((nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(span)) & (toBytes - 1)) == 0;

    // SAFETY: as above.
    private static unsafe int ToAlignment(ref byte first) => (int)(-(nint)Unsafe.AsPointer(ref first) & (AlignmentBytes - 1));
}
