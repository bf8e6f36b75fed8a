using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Commands;

/// <summary>What a backend's errno is to the host.</summary>
internal static class BackendErrors
{
    private const int NoSpace = 28;
    private const int ReadOnlyFileSystem = 30;

    public static NvmeStatus ToStatus(BlockOperation operation, int errno) => (operation, errno) switch
    {
        (BlockOperation.Read, _) => NvmeStatus.UnrecoveredReadError,
        (_, NoSpace) => NvmeStatus.CapacityExceeded,
        (_, ReadOnlyFileSystem) => NvmeStatus.NamespaceIsWriteProtected,
        _ => NvmeStatus.WriteFault,
    };
}
