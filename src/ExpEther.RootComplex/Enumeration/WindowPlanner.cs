using ExpEther.RootComplex.Functions;

namespace ExpEther.RootComplex.Enumeration;

/// <summary>
/// How large a bridge's windows must be, from the leaves up (PCIe 5.0 §7.5.1.3.8, §7.5.1.3.9: multiples of 1 MB).
/// Prefetchable 64-bit BARs go to the prefetchable window where every bridge above has a 64-bit one; all others to the 32-bit window. A hot-plug
/// slot gets at least what the options reserve, so that something plugged later finds room without anything being moved.
/// </summary>
internal sealed class WindowPlanner(BusResources resources)
{
    public const ulong Megabyte = 1 << 20;

    /// <summary>True when the BAR belongs to the prefetchable window of the bridges above it.</summary>
    public static bool IsInPrefetchable(PciNode node, in PciBar bar)
    {
        if (!bar.Is64Bit || !bar.Prefetchable)
        {
            return false;
        }

        for (var above = node.Parent; above is not null; above = above.Parent)
        {
            if (!above.HasPrefetchable64)
            {
                return false;
            }
        }

        return true;
    }

    public WindowNeed MemoryOf(PciNode bridge) => Need(bridge, false);

    public WindowNeed PrefetchableOf(PciNode bridge) => Need(bridge, true);

    private WindowNeed Need(PciNode bridge, bool prefetchable)
    {
        var items = new List<WindowNeed>();
        foreach (var child in bridge.Children)
        {
            foreach (var bar in child.Bars)
            {
                if (IsInPrefetchable(child, bar) == prefetchable)
                {
                    items.Add(new WindowNeed(bar.SizeBytes, bar.SizeBytes));
                }
            }

            if (child.IsBridge && Need(child, prefetchable) is { Bytes: > 0 } window)
            {
                items.Add(window);
            }
        }

        // Placed as the allocator will: largest alignment first.
        items.Sort((a, b) => b.Align.CompareTo(a.Align));
        ulong end = 0;
        var align = Megabyte;
        foreach (var item in items)
        {
            end = AddressAllocator.AlignUp(end, item.Align) + item.Bytes;
            align = Math.Max(align, item.Align);
        }

        if (bridge.IsHotPlugSlot && (!prefetchable || bridge.HasPrefetchable64))
        {
            end = Math.Max(end, prefetchable ? resources.HotPlugPrefetchableBytes : resources.HotPlugMemoryBytes);
            align = Math.Max(align, prefetchable ? resources.HotPlugPrefetchableBytes : resources.HotPlugMemoryBytes);
        }

        return new WindowNeed(AddressAllocator.AlignUp(end, Megabyte), align);
    }
}
