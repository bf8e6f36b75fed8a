using System.Numerics;
using ExpEther.Bridge.Io.Functions;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Enumeration;
using ExpEther.RootComplex.Functions;

namespace ExpEther.Bridge.Io.Devices;

/// <summary>Reads what a host will be shown of a function, and what the I/O bridge must know to use it. Offsets: PCIe 5.0 §7.5.3, §7.7.2.</summary>
internal sealed class FunctionSurvey(DeviceConfigAccess config)
{
    /// <summary>MRRS of 4096 B: a read is one request on the Ethernet, its answer is cut at the link's MPS.</summary>
    private const int MaxReadRequestField = 5 << 12;

    /// <summary>
    /// The largest payload that all functions of a device can have and that fits an Ethernet frame beside its headers; what is longer
    /// than a peer's frames allow is cut on the way.
    /// </summary>
    public static int FittingPayload(IReadOnlyList<PciNode> nodes, int mtuBytes)
    {
        var supported = 4096;
        foreach (var node in nodes)
        {
            supported = Math.Min(supported, node.MaxPayloadSupportedBytes);
        }

        return Math.Max(128, Math.Min(supported, (int)BitOperations.RoundUpToPowerOf2((uint)mtuBytes + 1) / 2));
    }

    public Task<RealFunction> ReadAsync(PciNode node, int maxPayloadBytes)
    {
        // A BAR that found no place, or that no memory BAR may be, has no window.
        PciBar[] bars = [.. node.Bars.Where(b => b.IsAssigned && b.SizeBytes >= ConfigLimits.BarBytesMin)];
        var payloadField = BitOperations.Log2((uint)maxPayloadBytes) - 7;
        var control = (ushort)((payloadField << 5) | MaxReadRequestField | PcieRegister.DeviceControlExtendedTag);
        return ReadAsync(
            node.Rid, bars, node.Capabilities.PciExpress, node.Capabilities.MsiX, control, new EndpointDescription
            {
                VendorId = node.VendorId,
                DeviceId = node.DeviceId,
                SubsystemVendorId = node.SubsystemVendorId,
                SubsystemId = node.SubsystemId,
                ClassCode = (int)node.ClassCode,
                RevisionId = node.RevisionId,
                MaxPayloadSupported = node.MaxPayloadSupportedBytes,
            });
    }

    /// <summary>A VF: its IDs are its PF's vendor and the VF Device ID, its BARs its parts of the VF BARs' apertures.</summary>
    public async Task<RealFunction> ReadVirtualAsync(Rid rid, int number, ushort vendorId, SrIovLayout layout, RealFunction physical)
    {
        var classRevision = await ReadAsync(rid, ConfigRegister.RevisionId);
        var subsystem = await ReadAsync(rid, ConfigRegister.SubsystemVendorId);
        var real = await ReadAsync(
            rid, layout.BarsOf(number), await FindAsync(rid, CapabilityId.PciExpress), await FindAsync(rid, CapabilityId.Msix), 0, new EndpointDescription
            {
                VendorId = vendorId,
                DeviceId = layout.VfDeviceId,
                SubsystemVendorId = (ushort)subsystem,
                SubsystemId = (ushort)(subsystem >> 16),
                ClassCode = (int)(classRevision >> 8),
                RevisionId = (byte)classRevision,
                MaxPayloadSupported = physical.Description.MaxPayloadSupported,
            });
        return real with { VirtualNumber = number };
    }

    private async Task<RealFunction> ReadAsync(
        Rid rid, IReadOnlyList<PciBar> bars, int pciExpress, int msiX, ushort deviceControl, EndpointDescription identity)
    {
        uint deviceCapabilities = 0, deviceCapabilities2 = 0, msixControl = 0, msixTable = 0, msixPba = 0;
        if (pciExpress != 0)
        {
            deviceCapabilities = await ReadAsync(rid, pciExpress + PcieRegister.DeviceCapabilities);
            deviceCapabilities2 = await ReadAsync(rid, pciExpress + PcieRegister.DeviceCapabilities2);
        }

        if (msiX != 0)
        {
            msixControl = await ReadAsync(rid, msiX);
            msixTable = await ReadAsync(rid, msiX + 4);
            msixPba = await ReadAsync(rid, msiX + 8);
        }

        return new RealFunction
        {
            Rid = rid,
            Bars = bars,
            PciExpressOffset = pciExpress,
            MsixOffset = msiX,
            FlrCapable = (deviceCapabilities & PcieRegister.DeviceCapabilitiesFlr) != 0,
            Tag10BitCompleter = (deviceCapabilities2 & PcieRegister.DeviceCapabilities2Tag10BitCompleter) != 0,
            DeviceControl = deviceControl,
            VendorCapabilities = await VendorCapabilitiesAsync(rid),
            Description = identity with
            {
                Bars = [.. bars.Select(b => new BarDescription(b.Index, (long)b.SizeBytes, b.Is64Bit, b.Prefetchable))],
                MsixVectors = msiX == 0 ? 0 : (int)((msixControl >> 16) & 0x7FF) + 1,
                MsixTable = Location(msixTable),
                MsixPba = Location(msixPba),
                Serial = await SerialAsync(rid),
                FlrCapable = true,
                Tag10BitCompleter = (deviceCapabilities2 & PcieRegister.DeviceCapabilities2Tag10BitCompleter) != 0,
                AtomicCompleter = (deviceCapabilities2 & PcieRegister.DeviceCapabilities2Atomic64Completer) != 0,
            },
        };
    }

    private static MsixLocation Location(uint register) => new((int)(register & 7), register & ~7U);

    private async Task<uint> ReadAsync(Rid rid, int register)
    {
        var read = await config.ReadAsync(rid, register);
        return read.IsSuccess ? read.Value : 0;
    }

    private async Task<int> FindAsync(Rid rid, CapabilityId id)
    {
        var walk = CapabilityWalk.For(id);
        while (!walk.IsDone)
        {
            walk.Feed(await ReadAsync(rid, walk.Register));
        }

        return walk.Found;
    }

    private async Task<ulong?> SerialAsync(Rid rid)
    {
        var walk = CapabilityWalk.For(ExtendedCapabilityId.DeviceSerialNumber);
        while (!walk.IsDone)
        {
            walk.Feed(await ReadAsync(rid, walk.Register));
        }

        return walk.Found == 0 ? null : await ReadAsync(rid, walk.Found + 4) | ((ulong)await ReadAsync(rid, walk.Found + 8) << 32);
    }

    private async Task<IReadOnlyList<(int Offset, int Bytes)>> VendorCapabilitiesAsync(Rid rid)
    {
        var found = new List<(int, int)>();
        if (((await ReadAsync(rid, ConfigRegister.Command) >> 16) & ConfigRegister.StatusCapabilitiesList) == 0)
        {
            return found;
        }

        var at = (int)await ReadAsync(rid, ConfigRegister.CapabilitiesPointer) & 0xFC;
        for (var left = ConfigLimits.CapabilitiesMax; left > 0 && at >= ConfigLimits.CapabilityStart; left--)
        {
            var header = await ReadAsync(rid, at);
            var bytes = (int)(header >> 16) & 0xFF;
            if ((byte)header == (byte)CapabilityId.VendorSpecific && bytes is > 4 and <= 64 && found.Count < IoBridgeLimits.VendorCapabilitiesMax)
            {
                found.Add((at, bytes));
            }

            at = (int)(header >> 8) & 0xFC;
        }

        return found;
    }
}
