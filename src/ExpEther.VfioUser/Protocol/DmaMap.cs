using System.Runtime.InteropServices;
using ExpEther.Linux;

namespace ExpEther.VfioUser.Protocol;

/// <summary>DMA_MAP's payload; a descriptor may come with it.</summary>
/// <param name="ArgumentBytes">At least this structure's.</param>
/// <param name="Flags">Rights. Other bits are hints of other versions of the protocol, and take no right away.</param>
/// <param name="Offset">In the descriptor's file.</param>
/// <param name="Address">As DMA sees it.</param>
/// <param name="Bytes">Of the range.</param>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct DmaMap(uint ArgumentBytes, DmaMapFlags Flags, ulong Offset, ulong Address, ulong Bytes)
{
    public const int Size = 32;

    /// <summary>Last byte of the range.</summary>
    public ulong Last => Address + (Bytes - 1);

    /// <returns>None, or what to refuse it with; a map that passes lies in whole pages and does not wrap.</returns>
    public static Errno TryParse(ReadOnlySpan<byte> payload, out DmaMap map)
    {
        if (!MemoryMarshal.TryRead(payload, out map))
        {
            map = default;
            return Errno.EINVAL;
        }

        var isAligned = ((map.Address | map.Offset | map.Bytes) & (VfioUserLimits.PageBytes - 1)) == 0;
        var isSane = map.ArgumentBytes >= Size && map.Bytes > 0 && map.Last >= map.Address && map.Offset + map.Bytes >= map.Offset;
        var hasRights = (map.Flags & DmaMapFlags.All) != 0;
        return isAligned && isSane && hasRights ? Errno.None : Errno.EINVAL;
    }
}
