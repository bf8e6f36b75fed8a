using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands;

/// <summary>What a backend's errno is to the host.</summary>
internal static class BackendErrors
{
    private const int TryAgain = 11;
    private const int NoMemory = 12;
    private const int NoSpace = 28;
    private const int ReadOnlyFileSystem = 30;

    public static NvmeStatus ToStatus(BlockOperation operation, int errno) => (operation, errno) switch
    {
        // The media are well; the box is not, and may be a moment later.
        (_, TryAgain or NoMemory) => NvmeStatus.InternalError,
        (BlockOperation.Read, _) => NvmeStatus.UnrecoveredReadError,
        (_, NoSpace) => NvmeStatus.CapacityExceeded,
        (_, ReadOnlyFileSystem) => NvmeStatus.NamespaceIsWriteProtected,
        _ => NvmeStatus.WriteFault,
    };
}
