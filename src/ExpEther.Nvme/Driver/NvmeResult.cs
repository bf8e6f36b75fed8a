using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Driver;

/// <summary>How a command of the driver ended.</summary>
/// <param name="Outcome">Whether the controller answered at all.</param>
/// <param name="Status">The completion entry's status field.</param>
/// <param name="Value">DW0 of the completion entry.</param>
public readonly record struct NvmeResult(NvmeOutcome Outcome, NvmeStatus Status, uint Value)
{
    public bool IsSuccess => Outcome == NvmeOutcome.Completed && Status.IsSuccess;

    public static NvmeResult Failed(NvmeOutcome outcome) => new(outcome, NvmeStatus.Success, 0);

    /// <summary>For a user: what happened.</summary>
    public override string ToString() => Outcome switch
    {
        NvmeOutcome.Completed => $"the controller answered {NvmeStatusText.Of(Status)} ({Status})",
        NvmeOutcome.Removed => "the disk was removed",
        NvmeOutcome.TimedOut => "the controller did not answer in time",
        NvmeOutcome.ControllerFailed => "the controller failed",
        _ => "the request is not possible on this disk",
    };
}
