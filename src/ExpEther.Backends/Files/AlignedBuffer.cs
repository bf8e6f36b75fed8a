using System.Runtime.CompilerServices;

namespace ExpEther.Backends.Files;

/// <summary>Pinned memory at a page border, as O_DIRECT wants it.</summary>
internal static class AlignedBuffer
{
    public const int AlignmentBytes = 4096;

    public static Memory<byte> Make(int bytes)
    {
        var array = GC.AllocateArray<byte>(bytes + AlignmentBytes, pinned: true);
        return array.AsMemory(ToAlignment(ref array[0]), bytes);
    }

    public static bool IsAligned(Span<byte> span) => span.Length == 0 || ToAlignment(ref span[0]) == 0;

    // SAFETY: only the address is looked at, and the memory is pinned.
    private static unsafe int ToAlignment(ref byte first) => (int)(-(nint)Unsafe.AsPointer(ref first) & (AlignmentBytes - 1));
}
