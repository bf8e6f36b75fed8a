using ExpEther.Core.Scheduling;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Config;

namespace ExpEther.RootComplex.Enumeration;

/// <summary>
/// Finds, numbers and configures what is below a root, through configuration requests only, as an operating system does.
/// <para>
/// Theory, in three passes. <b>Scan</b>, depth first: every port found gets the next free bus as its secondary, an open-ended
/// subordinate while the buses below are scanned, and the highest bus used below once they are. A hot-plug slot has a bus of its own
/// even when empty. <b>Assign</b>: the planner sizes windows from the leaves up, the assigner places them from the root down. <b>Set up</b>:
/// payload sizes, error reporting, decoding. Later, what is plugged into a slot goes through the same passes within what the slot
/// was given, and nothing else is touched.
/// </para>
/// A function that vanishes meanwhile reads all-ones and is left out or left unusable; nothing waits for ever.
/// </summary>
public sealed class BusEnumerator
{
    private readonly WatchedConfigAccess _access;
    private readonly IEventSink _events;
    private readonly string _name;
    private readonly FunctionProbe _probe;

    /// <param name="config">Reaches the functions.</param>
    /// <param name="scheduler">Every method here runs on it.</param>
    /// <param name="events">Told what could not be configured.</param>
    /// <param name="name">The source of those reports.</param>
    public BusEnumerator(IConfigAccess config, OwnerScheduler scheduler, IEventSink events, string name)
    {
        _access = new WatchedConfigAccess(config);
        _events = events;
        _name = name;
        _probe = new FunctionProbe(_access, scheduler);
    }

    /// <summary>Enumerates bus 0 and all below it.</summary>
    /// <returns>What is on bus 0.</returns>
    public async Task<IReadOnlyList<PciNode>> EnumerateAsync(BusResources resources)
    {
        var scan = new Scan(this, resources.LastBus);
        var roots = await scan.BusAsync(0, null);
        await Assigner(resources).AssignAsync(roots, new AddressAllocator(resources.Memory), new AddressAllocator(resources.Prefetchable));
        foreach (var root in roots)
        {
            await FunctionSetup.ApplyBelowAsync(_access, root, ConfigLimits.SpaceBytes);
        }

        return roots;
    }

    /// <summary>Enumerates what was plugged into a slot, within the slot's bus and windows, and adds it to the tree.</summary>
    /// <returns>False: nobody answered, or not to everything, so that what was found cannot be relied on; it is to be removed again.</returns>
    public async Task<bool> EnumerateSlotAsync(PciNode port, BusResources resources)
    {
        Check.That(port.IsHotPlugSlot && port.Children.Count == 0);
        var unanswered = _access.Unanswered;
        var scan = new Scan(this, port.SubordinateBus) { LastUsed = port.SecondaryBus };
        port.ChildList.AddRange(await scan.BusAsync(port.SecondaryBus, port));
        await Assigner(resources).AssignAsync(port.Children, port.MemoryFree, port.PrefetchableFree);
        foreach (var node in port.Children)
        {
            await FunctionSetup.ApplyBelowAsync(_access, node, ConfigLimits.SpaceBytes);
        }

        return port.Children.Count > 0 && _access.Unanswered == unanswered;
    }

    /// <summary>Forgets what was below a slot and gives its addresses back to the slot.</summary>
    public static void RemoveSlot(PciNode port)
    {
        ResourceAssigner.Release(port);
        port.ChildList.Clear();
    }

    /// <summary>
    /// Finds the endpoints of the device directly on one bus (device 0, all functions; no bridges) and gives their BARs addresses: 64-bit
    /// BARs, prefetchable or not, from <paramref name="aperture64"/>, 32-bit ones from <paramref name="aperture32"/> or not at all.
    /// Memory decoding and bus mastering stay off.
    /// </summary>
    /// <param name="bus">0 to 255; the functions learn it from the configuration writes.</param>
    /// <param name="aperture64">Shared by all devices of the bus owner.</param>
    /// <param name="aperture32">Below 4 GB.</param>
    /// <param name="maxPayloadBytes">Max_Payload_Size is set to this, or less where the function supports less.</param>
    public async Task<IReadOnlyList<PciNode>> EnumerateEndpointsAsync(
        int bus, AddressAllocator aperture64, AddressAllocator? aperture32 = null, int maxPayloadBytes = 4096)
    {
        var nodes = new List<PciNode>();
        await ProbeDeviceAsync(bus, 0, null, node =>
        {
            nodes.Add(node);
            return Task.CompletedTask;
        });
        var resources = new BusResources { Memory = default };
        await Assigner(resources).AssignFlatAsync(nodes, aperture64, aperture32);
        foreach (var node in nodes)
        {
            await FunctionSetup.ApplyAsync(_access, node, maxPayloadBytes);
        }

        return nodes;
    }

    /// <summary>Writes BARs, payload size and error reporting again, after the function was reset.</summary>
    internal async Task RestoreAsync(PciNode node)
    {
        await Assigner(new BusResources { Memory = default }).ProgramAsync(node);
        await FunctionSetup.ApplyAsync(_access, node, node.MaxPayloadBytes);
    }

    private ResourceAssigner Assigner(BusResources resources) => new(_access, new WindowPlanner(resources), _events, _name);

    private async Task ProbeDeviceAsync(int bus, int device, PciNode? parent, Func<PciNode, Task> found)
    {
        var functions = 1;
        for (var function = 0; function < functions; function++)
        {
            if (await _probe.ProbeAsync(new Rid(bus, device, function), parent) is { } node)
            {
                functions = function == 0 && node.IsMultiFunction ? 8 : functions;
                await found(node);
            }
        }
    }

    /// <summary>One depth-first run, with the highest bus number used so far.</summary>
    private sealed class Scan(BusEnumerator owner, byte lastBus)
    {
        public byte LastUsed { get; init; }

        private byte _highest;

        public async Task<List<PciNode>> BusAsync(byte bus, PciNode? parent, int depth = 0)
        {
            _highest = Math.Max(_highest, Math.Max(bus, LastUsed));
            var nodes = new List<PciNode>();
            // A link leads to device 0 only; the bus inside a switch and the root bus have up to 32 (PCIe 5.0 §7.3.1).
            var devices = parent is { Kind: PciNodeKind.RootPort or PciNodeKind.DownstreamPort } ? 1 : 32;
            for (var device = 0; device < devices; device++)
            {
                await owner.ProbeDeviceAsync(bus, device, parent, async node =>
                {
                    nodes.Add(node);
                    if (node.IsBridge)
                    {
                        await BridgeAsync(node, depth + 1);
                    }
                });
            }

            return nodes;
        }

        private async Task BridgeAsync(PciNode node, int depth)
        {
            if (_highest >= lastBus || depth > RootComplexLimits.BridgeDepthMax)
            {
                owner._events.Report(EventSeverity.Error, owner._name, $"{node.Rid}: no bus number is left for what is below it");
                return;
            }

            var secondary = (byte)(_highest + 1);
            node.SecondaryBus = secondary;
            await WriteBusesAsync(node, lastBus);
            node.ChildList.AddRange(await BusAsync(secondary, node, depth));
            await WriteBusesAsync(node, _highest);
        }

        private async Task WriteBusesAsync(PciNode node, byte subordinate)
        {
            node.SubordinateBus = subordinate;
            var buses = node.Rid.Bus | ((uint)node.SecondaryBus << 8) | ((uint)subordinate << 16);
            // The byte above them is the secondary latency timer, which PCI Express has hardwired to 0.
            await owner._access.WriteAsync(node.Rid, ConfigRegister.PrimaryBus, buses);
        }
    }
}
