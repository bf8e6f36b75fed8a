using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ExpEther.Linux.Native;

/// <summary>
/// <c>struct epoll_event</c>, sys/epoll.h, of which the mask and 32 bits of data are used. The data is packed behind the mask on x86-64 and aligned to
/// 8 bytes elsewhere, so both places are written, and an array's element has the one or the other size.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
internal struct EpollEvent
{
    [FieldOffset(0)]
    public uint Events;

    [FieldOffset(4)]
    private uint _packed;

    [FieldOffset(8)]
    private uint _aligned;

    /// <summary>Bytes of an array's element.</summary>
    public static int Stride => IsPacked ? 12 : 16;

    public uint Data
    {
        readonly get => IsPacked ? _packed : _aligned;
        set
        {
            // The upper half of the packed data is where the aligned data begins.
            (_packed, _aligned) = IsPacked ? (value, 0u) : (0u, value);
        }
    }

    /// <summary>Where the data begins.</summary>
    public static int DataOffset => IsPacked ? 4 : 8;

    private static bool IsPacked => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>An element of an array that the kernel has filled.</summary>
    public static unsafe EpollEvent At(byte* array, int index)
    {
        var element = default(EpollEvent);
        Unsafe.CopyBlock(&element, array + (index * Stride), (uint)Stride);
        return element;
    }
}
