namespace ExpEther.Nvme.Protocol;

/// <summary>SEL of Namespace Attachment, DW10 3:0 (NVMe 1.4 §5.19). The data are a <see cref="ControllerList"/>.</summary>
public enum NamespaceAttachmentSelect : byte
{
    Attach = 0,
    Detach = 1,
}
