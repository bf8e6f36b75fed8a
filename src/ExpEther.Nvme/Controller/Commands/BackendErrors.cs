using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Controller.Namespaces;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands;

/// <summary>What a backend's errno is to the host, and to the box.</summary>
internal static class BackendErrors
{
    private const int TryAgain = 11;
    private const int NoMemory = 12;
    private const int Invalid = 22;
    private const int FileTooLarge = 27;
    private const int NoSpace = 28;
    private const int ReadOnlyFileSystem = 30;
    private const int OutOfRange = 34;
    private const int NoQuota = 122;

    public static NvmeStatus ToStatus(BlockOperation operation, int errno) => (operation, KindOf(errno)) switch
    {
        // The media are well; the box is not, and may be a moment later.
        (_, StorageTroubleKind.NoMemory or StorageTroubleKind.Defect) => NvmeStatus.InternalError,
        // The namespace was made smaller while the command was on its way.
        (_, StorageTroubleKind.None) => NvmeStatus.LbaOutOfRange,
        (BlockOperation.Read, _) => NvmeStatus.UnrecoveredReadError,
        (_, StorageTroubleKind.Full) => NvmeStatus.CapacityExceeded,
        (_, StorageTroubleKind.ReadOnly) => NvmeStatus.NamespaceIsWriteProtected,
        _ => NvmeStatus.WriteFault,
    };

    public static StorageTroubleKind KindOf(int errno) => errno switch
    {
        OutOfRange => StorageTroubleKind.None,
        TryAgain or NoMemory => StorageTroubleKind.NoMemory,
        Invalid => StorageTroubleKind.Defect,
        NoSpace or NoQuota or FileTooLarge => StorageTroubleKind.Full,
        ReadOnlyFileSystem => StorageTroubleKind.ReadOnly,
        _ => StorageTroubleKind.Media,
    };
}
