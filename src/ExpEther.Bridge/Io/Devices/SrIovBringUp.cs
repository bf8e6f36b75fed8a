using System.Numerics;
using ExpEther.Core.Scheduling;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Enumeration;
using ExpEther.RootComplex.Functions;

namespace ExpEther.Bridge.Io.Devices;

/// <summary>
/// Brings up the virtual functions of a device as an operating system does it, by configuration requests only (PCIe 5.0 chapter 9).
/// <para>
/// Theory. First VF Offset and VF Stride mean something only once ARI Capable Hierarchy and NumVFs are written (§9.3.3.9), and they decide how
/// many buses the device needs: that is found out first (<see cref="FindAsync"/>), while the device can still be moved to other buses. Then,
/// once its BARs are placed: System Page Size, which decides how large the VF BARs are; the VF BARs, sized with VF MSE off, each with an
/// aperture for TotalVFs aligned to one VF; VF Enable with VF MSE; 100 ms (§9.3.3.3.1). After VF Enable is cleared, 1 s.
/// </para>
/// </summary>
internal sealed class SrIovBringUp(
    DeviceConfigAccess config, FunctionReadiness readiness, OwnerScheduler scheduler, AddressAllocator aperture64, AddressAllocator aperture32)
{
    /// <summary>Finds the capability, asks for the virtual functions, and reads where they will be.</summary>
    /// <returns>Empty, and the device's layout is set; else why not.</returns>
    public async Task<string> FindAsync(BusDevice device)
    {
        var pf = new Rid(device.Bus, 0, 0);
        if (!await readiness.WaitAsync(pf, false))
        {
            return "no function answers on its bus";
        }

        var at = await CapabilityAsync(pf, ExtendedCapabilityId.SingleRootIoVirtualization);
        if (at == 0)
        {
            return $"{device.VfsWanted} virtual functions are asked of it, and it has no SR-IOV capability";
        }

        await DisableAsync(pf, at);
        var initial = await Read16Async(pf, at + SrIovRegister.InitialVfs);
        if (device.VfsWanted > initial)
        {
            return $"{device.VfsWanted} virtual functions are asked of it, and it has {initial}";
        }

        // The bridge is the port above it and forwards any ID of its buses. A device without the ARI capability could not use them.
        var hasAri = await CapabilityAsync(pf, ExtendedCapabilityId.AlternativeRoutingId) != 0;
        await Write16Async(pf, at + SrIovRegister.Control, hasAri ? SrIovRegister.ControlAriCapableHierarchy : 0);
        var ari = (await Read16Async(pf, at + SrIovRegister.Control) & SrIovRegister.ControlAriCapableHierarchy) != 0;
        await Write16Async(pf, at + SrIovRegister.NumVfs, device.VfsWanted);
        var layout = new SrIovLayout
        {
            Offset = at,
            TotalVfs = await Read16Async(pf, at + SrIovRegister.TotalVfs),
            NumVfs = await Read16Async(pf, at + SrIovRegister.NumVfs),
            FirstVfOffset = await Read16Async(pf, at + SrIovRegister.FirstVfOffset),
            VfStride = await Read16Async(pf, at + SrIovRegister.VfStride),
            Ari = ari,
            VfDeviceId = (ushort)await Read16Async(pf, at + SrIovRegister.VfDeviceId),
        };
        if (layout.NumVfs != device.VfsWanted || layout.TotalVfs < layout.NumVfs)
        {
            return $"{device.VfsWanted} virtual functions are asked of it, and it takes {layout.NumVfs} of {layout.TotalVfs}";
        }

        if (layout.FirstVfOffset == 0 || (layout.VfStride == 0 && layout.NumVfs > 1) || layout.RidOf(pf, layout.NumVfs) > ushort.MaxValue)
        {
            return $"its virtual functions have no routing IDs: first offset {layout.FirstVfOffset}, stride {layout.VfStride}";
        }

        device.SrIov = layout;
        return "";
    }

    /// <summary>Places the VF BARs and enables the virtual functions.</summary>
    /// <returns>Empty; else why not: then there are none.</returns>
    public async Task<string> EnableAsync(BusDevice device)
    {
        var layout = device.SrIov!;
        var pf = new Rid(device.Bus, 0, 0);
        var at = layout.Offset;
        var pages = await ReadAsync(pf, at + SrIovRegister.SupportedPageSizes);
        if (pages == 0)
        {
            return "it supports no page size";
        }

        var page = BitOperations.TrailingZeroCount(pages);
        await config.WriteAsync(pf, at + SrIovRegister.SystemPageSize, 1U << page);
        layout = layout with { PageBytes = 1L << (page + SrIovRegister.PageSizeShift) };
        var bars = await SizeBarsAsync(pf, at + SrIovRegister.VfBar0);
        for (var i = 0; i < bars.Count; i++)
        {
            var bytes = bars[i].SizeBytes * (ulong)layout.TotalVfs;
            if (!Aperture(bars[i]).TryAllocate(bytes, bars[i].SizeBytes, out var range))
            {
                Free(layout with { VfBars = [.. bars.Take(i)] });
                device.SrIov = null;
                return $"there is no room for VF BAR {bars[i].Index}: {layout.TotalVfs} times {bars[i].SizeBytes} bytes";
            }

            bars[i] = bars[i] with { Address = new HostAddress(range.Base) };
        }

        device.SrIov = layout with { VfBars = bars };
        foreach (var bar in bars)
        {
            var register = at + SrIovRegister.VfBar0 + (4 * bar.Index);
            await config.WriteAsync(pf, register, (uint)bar.Address.Value);
            if (bar.Is64Bit)
            {
                await config.WriteAsync(pf, register + 4, (uint)(bar.Address.Value >> 32));
            }
        }

        const int Enable = SrIovRegister.ControlVfEnable | SrIovRegister.ControlVfMemorySpaceEnable;
        await Write16Async(pf, at + SrIovRegister.Control, Enable | (layout.Ari ? SrIovRegister.ControlAriCapableHierarchy : 0));
        await scheduler.Delay(IoBridgeLimits.VfEnableTime);
        return (await Read16Async(pf, at + SrIovRegister.Control) & Enable) == Enable ? "" : "VF Enable cannot be set";
    }

    /// <summary>A function that still has virtual functions from an earlier life of the bridge has none after it.</summary>
    public async Task DisableAsync(Rid pf, int capability)
    {
        if ((await Read16Async(pf, capability + SrIovRegister.Control) & SrIovRegister.ControlVfEnable) != 0)
        {
            await Write16Async(pf, capability + SrIovRegister.Control, 0);
            await scheduler.Delay(IoBridgeLimits.VfDisableTime);
        }
    }

    /// <summary>Gives the apertures back.</summary>
    public void Free(SrIovLayout layout)
    {
        foreach (var bar in layout.VfBars)
        {
            Aperture(bar).Free(new AddressWindow(bar.Address.Value, bar.SizeBytes * (ulong)layout.TotalVfs));
        }
    }

    private AddressAllocator Aperture(in PciBar bar) => bar.Is64Bit ? aperture64 : aperture32;

    private async Task<List<PciBar>> SizeBarsAsync(Rid pf, int register)
    {
        var bars = new List<PciBar>();
        for (var index = 0; index < ConfigLimits.EndpointBarsMax; index++)
        {
            var low = await SizeAsync(pf, register + (4 * index));
            if (low is 0 or uint.MaxValue || (low & 1) != 0)
            {
                continue; // not implemented
            }

            var is64Bit = (low & 6) == 4;
            var mask = (ulong)(low & ~0xFU) | 0xFFFF_FFFF_0000_0000;
            if (is64Bit && index + 1 < ConfigLimits.EndpointBarsMax)
            {
                mask = (low & ~0xFU) | ((ulong)await SizeAsync(pf, register + (4 * index) + 4) << 32);
            }

            bars.Add(new PciBar(index, default, ~mask + 1, is64Bit, (low & 8) != 0));
            index += is64Bit ? 1 : 0;
        }

        return bars;
    }

    private async Task<uint> SizeAsync(Rid pf, int register)
    {
        await config.WriteAsync(pf, register, uint.MaxValue);
        return await ReadAsync(pf, register);
    }

    private async Task<int> CapabilityAsync(Rid pf, ExtendedCapabilityId id)
    {
        var walk = CapabilityWalk.For(id);
        while (!walk.IsDone)
        {
            walk.Feed(await ReadAsync(pf, walk.Register));
        }

        return walk.Found;
    }

    private async Task<uint> ReadAsync(Rid pf, int register)
    {
        var read = await config.ReadAsync(pf, register);
        return read.IsSuccess ? read.Value : 0;
    }

    private async Task<int> Read16Async(Rid pf, int register) => (ushort)(await ReadAsync(pf, register & ~3) >> ((register & 2) * 8));

    private async Task Write16Async(Rid pf, int register, int value) =>
        await config.WriteAsync(pf, register & ~3, (uint)value << ((register & 2) * 8), 0b0011 << (register & 2));
}
