namespace ExpEther.Nvme.Protocol;

/// <summary>
/// An entry of the Commands Supported and Effects log (NVMe 1.4 figure 197). Admin opcodes start at byte 0, I/O opcodes at 1024.
/// </summary>
[Flags]
public enum CommandEffects : uint
{
    None = 0,

    /// <summary>CSUPP.</summary>
    Supported = 1,

    /// <summary>LBCC: changes the contents of logical blocks.</summary>
    LogicalBlockContentChange = 2,

    /// <summary>NCC: changes a namespace's capabilities.</summary>
    NamespaceCapabilityChange = 4,

    /// <summary>NIC: changes which namespaces there are.</summary>
    NamespaceInventoryChange = 8,
}
