namespace ExpEther.Nvme.Protocol;

/// <summary>CNS of Identify (NVMe 1.4 figure 244).</summary>
public enum IdentifyCns : byte
{
    Namespace = 0x00,
    Controller = 0x01,
    ActiveNamespaceList = 0x02,
    NamespaceDescriptors = 0x03,

    /// <summary>NSIDs above the command's of all namespaces of the NVM subsystem, attached or not.</summary>
    AllocatedNamespaceList = 0x10,

    /// <summary><see cref="IdentifyNamespace"/> of a namespace, attached or not; zeroes when there is none.</summary>
    AllocatedNamespace = 0x11,

    /// <summary>Controllers that the namespace is attached to, a <see cref="ControllerList"/> from CNTID (DW10 31:16) on.</summary>
    NamespaceControllerList = 0x12,

    /// <summary>All controllers of the NVM subsystem, a <see cref="ControllerList"/> from CNTID (DW10 31:16) on.</summary>
    ControllerList = 0x13,

    /// <summary><see cref="Protocol.PrimaryControllerCapabilities"/>.</summary>
    PrimaryControllerCapabilities = 0x14,

    /// <summary><see cref="Protocol.SecondaryControllerList"/> from CNTID (DW10 31:16) on.</summary>
    SecondaryControllerList = 0x15,
}
