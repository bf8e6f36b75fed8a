using System.Runtime.InteropServices;
using ExpEther.Linux;

namespace ExpEther.VfioUser.Protocol;

/// <summary>REGION_READ's and REGION_WRITE's payload, without the data; replies repeat it.</summary>
/// <param name="Offset">In the region.</param>
/// <param name="Region">Which one.</param>
/// <param name="Count">Bytes to move.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct RegionAccess(ulong Offset, uint Region, uint Count)
{
    public const int Size = 16;

    /// <returns>None, or what to refuse it with. The region's size is not yet looked at.</returns>
    public static Errno TryParse(ReadOnlySpan<byte> payload, bool isWrite, out RegionAccess access)
    {
        access = default;
        return MemoryMarshal.TryRead(payload, out access)
            && access is { Region: < VfioUserLimits.RegionsMax, Count: > 0 and <= VfioUserLimits.TransferBytesMax }
            && payload.Length == Size + (isWrite ? access.Count : 0)
            ? Errno.None
            : Errno.EINVAL;
    }

    public bool IsWithin(ulong regionBytes) => Offset < regionBytes && Count <= regionBytes - Offset;

    public void WriteTo(Span<byte> into) => MemoryMarshal.Write(into, in this);
}
