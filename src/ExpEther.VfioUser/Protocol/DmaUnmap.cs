using System.Runtime.InteropServices;
using ExpEther.Linux;

namespace ExpEther.VfioUser.Protocol;

/// <summary>DMA_UNMAP's payload; the reply repeats it.</summary>
/// <param name="ArgumentBytes">The largest reply that is expected.</param>
/// <param name="Flags">None, or All: everything, and address and size are 0.</param>
/// <param name="Address">First byte.</param>
/// <param name="Bytes">Length.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct DmaUnmap(uint ArgumentBytes, DmaUnmapFlags Flags, ulong Address, ulong Bytes)
{
    public const int Size = 24;

    public ulong Last => Address + (Bytes - 1);

    /// <returns>None, or what to refuse it with.</returns>
    public static Errno TryParse(ReadOnlySpan<byte> payload, out DmaUnmap unmap)
    {
        if (!MemoryMarshal.TryRead(payload, out unmap))
        {
            unmap = default;
            return Errno.EINVAL;
        }

        if ((unmap.Flags & ~DmaUnmapFlags.All) != 0)
        {
            return Errno.EOPNOTSUPP;
        }

        var isSane = unmap.Flags == DmaUnmapFlags.All
            ? unmap is { Address: 0, Bytes: 0 }
            : unmap.Bytes > 0 && unmap.Last >= unmap.Address && ((unmap.Address | unmap.Bytes) & (VfioUserLimits.PageBytes - 1)) == 0;
        return isSane && unmap.ArgumentBytes >= Size ? Errno.None : Errno.EINVAL;
    }

    public void WriteTo(Span<byte> into) => MemoryMarshal.Write(into, in this);
}
