using System.Runtime.InteropServices;

namespace ExpEther.VfioUser.Protocol;

/// <summary>DMA_READ's and DMA_WRITE's payload, without the data; replies repeat it.</summary>
/// <param name="Address">As DMA sees it.</param>
/// <param name="Count">Bytes to move.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct MemoryAccess(ulong Address, ulong Count)
{
    public const int Size = 16;

    /// <summary>False: it is no such payload.</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, out MemoryAccess access) => MemoryMarshal.TryRead(payload, out access);

    public void WriteTo(Span<byte> into) => MemoryMarshal.Write(into, in this);
}
