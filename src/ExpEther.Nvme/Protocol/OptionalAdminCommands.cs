namespace ExpEther.Nvme.Protocol;

/// <summary>OACS of Identify Controller (NVMe 1.4 figure 247).</summary>
[Flags]
public enum OptionalAdminCommands : ushort
{
    None = 0,

    /// <summary>Namespace Management and Namespace Attachment.</summary>
    NamespaceManagement = 1 << 3,
    VirtualizationManagement = 1 << 7,
}
