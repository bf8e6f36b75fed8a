using ExpEther.Pcie.Tlp;

namespace ExpEther.RootComplex.Requests;

/// <summary>How a request of the CPU ended.</summary>
/// <param name="TimedOut">No completion came in time, or none that could be used.</param>
/// <param name="Status">The completion's.</param>
/// <param name="Value">What was read; all-ones on failure.</param>
internal readonly record struct RequestEnd(bool TimedOut, CompletionStatus Status, ulong Value)
{
    public static RequestEnd NoAnswer => new(true, CompletionStatus.CompleterAbort, ulong.MaxValue);

    public bool IsSuccess => !TimedOut && Status == CompletionStatus.SuccessfulCompletion;
}
