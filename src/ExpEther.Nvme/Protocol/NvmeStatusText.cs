namespace ExpEther.Nvme.Protocol;

/// <summary>Statuses of commands on blocks by the names that the specification gives them (NVMe 1.4 §4.6.1).</summary>
public static class NvmeStatusText
{
    private static readonly (NvmeStatus Status, string Name)[] Names =
    [
        (NvmeStatus.InvalidCommandOpcode, "Invalid Command Opcode"),
        (NvmeStatus.InvalidField, "Invalid Field in Command"),
        (NvmeStatus.DataTransferError, "Data Transfer Error"),
        (NvmeStatus.InternalError, "Internal Error"),
        (NvmeStatus.CommandAbortRequested, "Command Abort Requested"),
        (NvmeStatus.InvalidNamespaceOrFormat, "Invalid Namespace or Format"),
        (NvmeStatus.NamespaceIsWriteProtected, "Namespace is Write Protected"),
        (NvmeStatus.LbaOutOfRange, "LBA Out of Range"),
        (NvmeStatus.CapacityExceeded, "Capacity Exceeded"),
        (NvmeStatus.WriteFault, "Write Fault"),
        (NvmeStatus.UnrecoveredReadError, "Unrecovered Read Error"),
        (NvmeStatus.CompareFailure, "Compare Failure"),
    ];

    /// <summary>"an error" for one without a name here.</summary>
    public static string Of(NvmeStatus status)
    {
        foreach (var (each, name) in Names)
        {
            if (each.Is(status))
            {
                return name;
            }
        }

        return "an error";
    }
}
