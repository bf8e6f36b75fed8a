using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.RootComplex.Functions;

namespace ExpEther.Bridge.Io.Functions;

/// <summary>What enumeration found out about a function of a device: facts that do not change, and where its registers are.</summary>
internal sealed record RealFunction
{
    public required Rid Rid { get; init; }

    /// <summary>A VF's number, from 1; 0: it is none.</summary>
    public int VirtualNumber { get; init; }

    /// <summary>
    /// A VF: its BARs and its Memory Space Enable are in its PF's SR-IOV capability, MPS and MRRS in its PF's Device Control.
    /// </summary>
    public bool IsVirtual => VirtualNumber > 0;

    /// <summary>What a host is shown.</summary>
    public required EndpointDescription Description { get; init; }

    /// <summary>Sized and assigned: Mem_IO.</summary>
    public required IReadOnlyList<PciBar> Bars { get; init; }

    /// <summary>Offset of the PCIe capability; 0 without.</summary>
    public required int PciExpressOffset { get; init; }

    /// <summary>Offset of the MSI-X capability; 0 without.</summary>
    public required int MsixOffset { get; init; }

    public required bool FlrCapable { get; init; }

    /// <summary>Takes requests with 10-bit tags (Device Capabilities 2 bit 16).</summary>
    public required bool Tag10BitCompleter { get; init; }

    /// <summary>Device Control's MPS and MRRS fields as set once: bits 7:5 and 14:12. 0 for a VF.</summary>
    public required ushort DeviceControl { get; init; }

    /// <summary>Vendor-specific capabilities: offset and length in bytes.</summary>
    public required IReadOnlyList<(int Offset, int Bytes)> VendorCapabilities { get; init; }

    /// <summary>The real Command register: memory decoding stays on where it is the function's own, bus mastering is the host's.</summary>
    public uint Command(bool busMaster) => (busMaster ? (uint)ConfigRegister.CommandBusMasterEnable : 0)
        | (IsVirtual ? 0 : (uint)(ConfigRegister.CommandMemorySpaceEnable | ConfigRegister.CommandInterruptDisable));
}
