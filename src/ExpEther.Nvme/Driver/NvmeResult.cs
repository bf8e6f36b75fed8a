namespace ExpEther.Nvme.Driver;

/// <summary>How a command of the driver ended.</summary>
/// <param name="Outcome">Whether the controller answered at all.</param>
/// <param name="Status">The status field of the completion entry (type and code, 11 bits: SCT in 10:8, SC in 7:0); 0 is success.</param>
/// <param name="Value">DW0 of the completion entry.</param>
public readonly record struct NvmeResult(NvmeOutcome Outcome, ushort Status, uint Value)
{
    public bool IsSuccess => Outcome == NvmeOutcome.Completed && Status == 0;

    public static NvmeResult Failed(NvmeOutcome outcome) => new(outcome, 0, 0);

    public override string ToString() => Outcome == NvmeOutcome.Completed ? $"status {Status >> 8:x}h/{Status & 0xFF:x2}h" : Outcome.ToString();
}
