using System.Numerics;
using ExpEther.Core.Scheduling;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Config;
using ExpEther.RootComplex.Functions;

namespace ExpEther.RootComplex.Enumeration;

/// <summary>Finds out what one function is: IDs, capabilities, sizes of its BARs. A function that answers "retry" is given time.</summary>
internal sealed class FunctionProbe(IConfigAccess access, OwnerScheduler scheduler)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(1);

    /// <summary>Null: nobody there.</summary>
    public async Task<PciNode?> ProbeAsync(Rid rid, PciNode? parent)
    {
        var ids = await ReadIdsAsync(rid);
        if ((ushort)ids is 0xFFFF or 0)
        {
            return null;
        }

        var config = new FunctionConfig(access, rid);
        var classRevision = await config.Read32Async(ConfigRegister.RevisionId);
        var header = await config.Read8Async(ConfigRegister.HeaderType);
        var type1 = (header & 0x7F) == 1;
        var capabilities = await CapabilityScan.RunAsync(config);
        var pcie = capabilities.PciExpress;
        var portType = pcie == 0 ? PortType.Endpoint : (PortType)((await config.Read16Async(pcie + PcieRegister.Capabilities) >> 4) & 0xF);
        var subsystem = type1 ? 0 : await config.Read32Async(ConfigRegister.SubsystemVendorId);
        var node = new PciNode
        {
            Rid = rid,
            Kind = KindOf(type1, pcie != 0, portType),
            VendorId = (ushort)ids,
            DeviceId = (ushort)(ids >> 16),
            SubsystemVendorId = (ushort)subsystem,
            SubsystemId = (ushort)(subsystem >> 16),
            ClassCode = classRevision >> 8,
            RevisionId = (byte)classRevision,
            IsMultiFunction = (header & 0x80) != 0,
            Capabilities = capabilities,
            Parent = parent,
        };
        if (pcie != 0)
        {
            await ReadPcieAsync(node, config);
        }

        node.Bars = await SizeBarsAsync(config, type1 ? 2 : ConfigLimits.EndpointBarsMax);
        if (type1)
        {
            await ReadWindowsAsync(node, config);
        }

        return node;
    }

    private static PciNodeKind KindOf(bool type1, bool isPcie, PortType portType) => !type1
        ? PciNodeKind.Endpoint
        : !isPcie ? PciNodeKind.OtherBridge
        : portType switch
        {
            PortType.RootPort => PciNodeKind.RootPort,
            PortType.UpstreamPort => PciNodeKind.UpstreamPort,
            PortType.DownstreamPort => PciNodeKind.DownstreamPort,
            _ => PciNodeKind.OtherBridge,
        };

    private static async Task ReadPcieAsync(PciNode node, FunctionConfig config)
    {
        var pcie = node.Capabilities.PciExpress;
        var device = await config.Read32Async(pcie + PcieRegister.DeviceCapabilities);
        node.MaxPayloadSupportedBytes = PayloadSize.ToBytes((int)device);
        var hasSlot = node.Kind is PciNodeKind.RootPort or PciNodeKind.DownstreamPort
            && (await config.Read16Async(pcie + PcieRegister.Capabilities) & PcieRegister.CapabilitiesSlotImplemented) != 0;
        if (hasSlot)
        {
            var slot = await config.Read32Async(pcie + PcieRegister.SlotCapabilities);
            node.IsHotPlugSlot = (slot & PcieRegister.SlotCapabilitiesHotPlugCapable) != 0;
            node.SlotNumber = (int)(slot >> 19);
        }
    }

    /// <summary>A window whose base register reads back zero after all-ones is not there; bits 3:0 of the prefetchable one tell 64-bit (§7.5.1.3.9).</summary>
    private static async Task ReadWindowsAsync(PciNode node, FunctionConfig config)
    {
        var before = await config.Read32Async(ConfigRegister.PrefetchableBase);
        await config.Write32Async(ConfigRegister.PrefetchableBase, 0x0000_FFF0);
        var probed = await config.Read32Async(ConfigRegister.PrefetchableBase);
        await config.Write32Async(ConfigRegister.PrefetchableBase, before);
        node.HasPrefetchable64 = probed != uint.MaxValue && (probed & 0xFFF0) != 0 && (probed & 0xF) == 1;
    }

    private static async Task<IReadOnlyList<PciBar>> SizeBarsAsync(FunctionConfig config, int registers)
    {
        // Decoding is off while BARs hold all-ones, or the function would claim addresses that are others' (§7.5.1.2.1).
        await config.Change16Async(ConfigRegister.Command, ConfigRegister.CommandMemorySpaceEnable | ConfigRegister.CommandBusMasterEnable, 0);
        var bars = new List<PciBar>();
        for (var index = 0; index < registers; index++)
        {
            var offset = ConfigRegister.Bar0 + (index * 4);
            var low = await SizeAsync(config, offset);
            if (low is 0 or uint.MaxValue || (low & 1) != 0)
            {
                continue; // not implemented, or I/O space, which is not carried
            }

            var is64Bit = (low & 6) == 4;
            var mask = (ulong)(low & ~0xFu) | 0xFFFF_FFFF_0000_0000;
            if (is64Bit && index + 1 < registers)
            {
                mask = (low & ~0xFu) | ((ulong)await SizeAsync(config, offset + 4) << 32);
            }

            // Only a power of two can be a size (§7.5.1.2.1): what else is read makes no BAR.
            var bytes = ~mask + 1;
            if (BitOperations.IsPow2(bytes))
            {
                bars.Add(new PciBar(index, default, bytes, is64Bit, (low & 8) != 0));
            }

            index += is64Bit ? 1 : 0;
        }

        return bars;
    }

    private static async Task<uint> SizeAsync(FunctionConfig config, int offset)
    {
        var before = await config.Read32Async(offset);
        await config.Write32Async(offset, uint.MaxValue);
        var sized = await config.Read32Async(offset);
        await config.Write32Async(offset, before);
        return sized;
    }

    private async Task<uint> ReadIdsAsync(Rid rid)
    {
        var deadline = scheduler.Now + RootComplexLimits.ConfigRetryTimeout;
        for (var wait = FirstRetry; ; wait = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, LongestRetry.Ticks)))
        {
            var result = await access.ReadAsync(rid, ConfigRegister.VendorId);
            if (result.Status != ConfigStatus.RetryStatus || scheduler.Now >= deadline)
            {
                return result.Value;
            }

            await scheduler.Delay(wait);
        }
    }
}
