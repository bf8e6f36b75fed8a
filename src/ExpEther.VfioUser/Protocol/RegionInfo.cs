using System.Runtime.InteropServices;
using ExpEther.Linux;

namespace ExpEther.VfioUser.Protocol;

/// <summary>
/// DEVICE_GET_REGION_INFO's payload, both ways (linux/vfio.h: struct vfio_region_info). A request may have room behind it, for capabilities of
/// the reply; what lies there means nothing.
/// </summary>
/// <param name="ArgumentBytes">Asked: room for the reply. Answered: its size.</param>
/// <param name="Flags">Bit 0: readable, bit 1: writable. Mapping (bit 2) and capabilities (bit 3) are never offered.</param>
/// <param name="Index">Which region.</param>
/// <param name="CapabilityOffset">0: none.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Offset">For mmap; 0.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct RegionInfo(uint ArgumentBytes, uint Flags, uint Index, uint CapabilityOffset, ulong Bytes, ulong Offset)
{
    public const int Size = 32;

    private const uint Readable = 1;
    private const uint Writable = 2;

    public static Errno TryParse(ReadOnlySpan<byte> payload, out RegionInfo info)
    {
        info = default;
        return MemoryMarshal.TryRead(payload, out info) && info is { ArgumentBytes: >= Size, Index: < VfioUserLimits.RegionsMax }
            ? Errno.None
            : Errno.EINVAL;
    }

    public static RegionInfo Answer(uint index, VfioUserRegion region)
    {
        var flags = region.Bytes == 0 ? 0 : (region.IsReadable ? Readable : 0) | (region.IsWritable ? Writable : 0);
        return new RegionInfo(Size, flags, index, 0, region.Bytes, 0);
    }

    public void WriteTo(Span<byte> into) => MemoryMarshal.Write(into, in this);
}
