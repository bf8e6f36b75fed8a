using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Config;

namespace ExpEther.RootComplex.Enumeration;

/// <summary>Gives BARs and bridge windows their addresses, from the root down, and writes them.</summary>
internal sealed class ResourceAssigner(IConfigAccess access, WindowPlanner planner, IEventSink events, string name)
{
    /// <summary>Assigns everything in <paramref name="nodes"/>, which share a bus, and everything below them.</summary>
    public async Task AssignAsync(IReadOnlyList<PciNode> nodes, AddressAllocator? memory, AddressAllocator? prefetchable)
    {
        // Largest alignment first, as the planner counted it.
        foreach (var (node, isBar, index) in InOrder(nodes, false))
        {
            Place(node, isBar, index, false, memory);
        }

        foreach (var (node, isBar, index) in InOrder(nodes, true))
        {
            Place(node, isBar, index, true, prefetchable);
        }

        foreach (var node in nodes)
        {
            await ProgramAsync(node);
            if (node.IsBridge)
            {
                await AssignAsync(node.Children, node.MemoryFree, node.PrefetchableFree);
            }
        }
    }

    /// <summary>Assigns endpoints on a bus without bridges: 64-bit BARs from one aperture, 32-bit ones from the other.</summary>
    public async Task AssignFlatAsync(IReadOnlyList<PciNode> nodes, AddressAllocator aperture64, AddressAllocator? aperture32)
    {
        foreach (var node in nodes)
        {
            for (var i = 0; i < node.Bars.Count; i++)
            {
                PlaceBar(node, i, node.Bars[i].Is64Bit ? aperture64 : aperture32);
            }

            await ProgramAsync(node);
        }
    }

    /// <summary>Gives back what the functions below a slot had.</summary>
    public static void Release(PciNode port)
    {
        foreach (var node in port.Children)
        {
            foreach (var bar in node.Bars)
            {
                if (bar.IsAssigned)
                {
                    var allocator = WindowPlanner.IsInPrefetchable(node, bar) ? port.PrefetchableFree : port.MemoryFree;
                    allocator?.Free(new AddressWindow(bar.Address.Value, bar.SizeBytes));
                }
            }

            Check.That(!node.IsBridge || (node.Memory.IsEmpty && node.Prefetchable.IsEmpty));
        }
    }

    /// <summary>Writes a function's BARs or a bridge's windows as they are assigned.</summary>
    public async Task ProgramAsync(PciNode node)
    {
        var config = new FunctionConfig(access, node.Rid);
        foreach (var bar in node.Bars)
        {
            var offset = ConfigRegister.Bar0 + (bar.Index * 4);
            await config.Write32Async(offset, (uint)bar.Address.Value);
            if (bar.Is64Bit)
            {
                await config.Write32Async(offset + 4, (uint)(bar.Address.Value >> 32));
            }
        }

        if (node.IsBridge)
        {
            await config.Write32Async(ConfigRegister.MemoryBase, Field(node.Memory));
            await config.Write32Async(ConfigRegister.PrefetchableBase, Field(node.Prefetchable));
            if (node.HasPrefetchable64)
            {
                var limit = node.Prefetchable.IsEmpty ? 0 : node.Prefetchable.Limit;
                await config.Write32Async(ConfigRegister.PrefetchableBaseUpper, (uint)(node.Prefetchable.Base >> 32));
                await config.Write32Async(ConfigRegister.PrefetchableLimitUpper, (uint)(limit >> 32));
            }
        }
    }

    /// <summary>Base in the low, limit in the high half, bits 31:20 of each; a base above the limit closes the window (§7.5.1.3.8).</summary>
    private static uint Field(AddressWindow window) => window.IsEmpty
        ? 0x0000_FFF0
        : (uint)((window.Base >> 16) & 0xFFF0) | (uint)(((window.Limit >> 16) & 0xFFF0) << 16);

    private IEnumerable<(PciNode Node, bool IsBar, int Index)> InOrder(IReadOnlyList<PciNode> nodes, bool prefetchable)
    {
        var items = new List<(ulong Align, PciNode Node, bool IsBar, int Index)>();
        foreach (var node in nodes)
        {
            for (var i = 0; i < node.Bars.Count; i++)
            {
                if (WindowPlanner.IsInPrefetchable(node, node.Bars[i]) == prefetchable)
                {
                    items.Add((node.Bars[i].SizeBytes, node, true, i));
                }
            }

            if (node.IsBridge && node.SecondaryBus != 0)
            {
                var need = prefetchable ? planner.PrefetchableOf(node) : planner.MemoryOf(node);
                if (need.Bytes > 0)
                {
                    items.Add((need.Align, node, false, 0));
                }
            }
        }

        return items.OrderByDescending(item => item.Align).Select(item => (item.Node, item.IsBar, item.Index));
    }

    private void Place(PciNode node, bool isBar, int index, bool prefetchable, AddressAllocator? from)
    {
        if (isBar)
        {
            PlaceBar(node, index, from);
            return;
        }

        var need = prefetchable ? planner.PrefetchableOf(node) : planner.MemoryOf(node);
        if (from is null || !from.TryAllocate(need.Bytes, need.Align, out var window))
        {
            var kind = prefetchable ? "prefetchable" : "memory";
            events.Report(EventSeverity.Error, name, $"{node.Rid}: no room for a {kind} window of {need.Bytes >> 20} MiB; what is below it cannot be used");
            return;
        }

        if (prefetchable)
        {
            node.Prefetchable = window;
            node.PrefetchableFree = new AddressAllocator(window);
        }
        else
        {
            node.Memory = window;
            node.MemoryFree = new AddressAllocator(window);
        }
    }

    private void PlaceBar(PciNode node, int index, AddressAllocator? from)
    {
        var bar = node.Bars[index];
        if (from is null || !from.TryAllocate(bar.SizeBytes, bar.SizeBytes, out var range))
        {
            events.Report(EventSeverity.Error, name, $"{node.Rid}: no room for BAR {bar.Index} of {bar.SizeBytes} bytes; the function cannot be used");
            return;
        }

        var bars = node.Bars.ToArray();
        bars[index] = bar with { Address = new HostAddress(range.Base) };
        node.Bars = bars;
    }
}
