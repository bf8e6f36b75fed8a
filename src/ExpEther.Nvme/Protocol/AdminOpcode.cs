namespace ExpEther.Nvme.Protocol;

/// <summary>Admin commands (NVMe 1.4 figure 139).</summary>
public enum AdminOpcode : byte
{
    DeleteIoSubmissionQueue = 0x00,
    CreateIoSubmissionQueue = 0x01,
    GetLogPage = 0x02,
    DeleteIoCompletionQueue = 0x04,
    CreateIoCompletionQueue = 0x05,
    Identify = 0x06,
    Abort = 0x08,
    SetFeatures = 0x09,
    GetFeatures = 0x0A,
    AsynchronousEventRequest = 0x0C,
    NamespaceManagement = 0x0D,
    NamespaceAttachment = 0x15,
    VirtualizationManagement = 0x1C,

    /// <summary>
    /// Vendor specific (C0h to FFh; bits 1:0 are 00b: no data), where <see cref="ExpEtherFeatures.ResizeNamespace"/> says so: gives the namespace
    /// of the NSID the size in DW10 (low) and DW11 (high), in its logical blocks. What it grows by reads as zeroes, what it shrinks by is gone.
    /// Ends as Namespace Management does: Namespace Insufficient Capacity, Invalid Namespace or Format, Invalid Field (size 0, or a namespace
    /// that is not of the pool). Every controller that the namespace is attached to tells its host by Namespace Attribute Changed.
    /// </summary>
    ResizeNamespace = 0xC0,
}
