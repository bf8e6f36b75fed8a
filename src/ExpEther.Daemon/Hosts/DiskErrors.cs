using ExpEther.Nvme.Driver;
using ExpEther.Nvme.Protocol;

namespace ExpEther.Daemon.Hosts;

/// <summary>What a user can do about a disk's command that failed: where to look depends on who failed.</summary>
internal static class DiskErrors
{
    public static string Remedy(NvmeResult result) => result.Outcome switch
    {
        NvmeOutcome.Completed => Remedy(result.Status),
        NvmeOutcome.Removed => "see `expether ls`: was the disk moved or its link lost?",
        NvmeOutcome.TimedOut or NvmeOutcome.ControllerFailed => "see `expether ls`: is the link to its box up? The box's log may say more",
        _ => "see `expether nvme id`: what is asked for must be within the disk",
    };

    private static string Remedy(NvmeStatus status)
    {
        if (status.Is(NvmeStatus.CapacityExceeded))
        {
            return "the box has no room for it: make room where the disk's file is; `expether ls` at the box says which";
        }

        if (status.Is(NvmeStatus.NamespaceIsWriteProtected))
        {
            return "the disk can only be read now: its configuration says so, or its storage failed; `expether ls` at the box says which";
        }

        if (status.Is(NvmeStatus.LbaOutOfRange))
        {
            return "see `expether nvme id`: has the namespace been made smaller?";
        }

        if (status.Is(NvmeStatus.CompareFailure))
        {
            return "the disk holds something else";
        }

        return status.Type == StatusCodeType.MediaAndDataIntegrity
            ? "the storage behind the disk failed: `expether ls` and the log at its box say what; the link is well"
            : "the box could not do it: its `expether ls` and its log may say why";
    }
}
