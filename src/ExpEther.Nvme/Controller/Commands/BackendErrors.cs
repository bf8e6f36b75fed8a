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
    private const int OutOfRange = 34;

    public static NvmeStatus ToStatus(BlockOperation operation, int errno) => (operation, errno) switch
    {
        // The media are well; the box is not, and may be a moment later.
        (_, TryAgain or NoMemory) => NvmeStatus.InternalError,
        // The namespace was made smaller while the command was on its way.
        (_, OutOfRange) => NvmeStatus.LbaOutOfRange,
        (BlockOperation.Read, _) => NvmeStatus.UnrecoveredReadError,
        (_, NoSpace) => NvmeStatus.CapacityExceeded,
        (_, ReadOnlyFileSystem) => NvmeStatus.NamespaceIsWriteProtected,
        _ => NvmeStatus.WriteFault,
    };
}
