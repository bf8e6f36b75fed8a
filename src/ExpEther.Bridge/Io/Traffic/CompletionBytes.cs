using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Io.Traffic;

/// <summary>Keeps account of how much of an answer is still to come (PCIe 5.0 §2.3.1.1).</summary>
internal static class CompletionBytes
{
    /// <summary>Bytes that the answer to a request will have: 0 when it has no data.</summary>
    public static int Expected(in TlpView request) => request.Kind == TlpKind.MemoryRead || request.IsAtomic ? request.ByteLength : 0;

    /// <summary>What is left after this completion.</summary>
    /// <param name="completion">Live, for a request that still expects <paramref name="left"/> bytes.</param>
    /// <param name="left">Bytes still to come before it.</param>
    /// <param name="after">Bytes still to come after it; 0: it is the final one.</param>
    /// <returns>False: it does not continue where the one before ended, or has more than was asked for.</returns>
    public static bool TryTakeAway(in TlpView completion, int left, out int after)
    {
        after = 0;
        if (!completion.HasPayload)
        {
            // A refusal ends the request; success without data is the end of a write.
            return completion.Status != CompletionStatus.SuccessfulCompletion || left == 0;
        }

        var bytes = Math.Min(completion.Payload.Length - (completion.LowerAddress & 3), completion.ByteCount);
        if (completion.ByteCount != left || bytes <= 0)
        {
            return false;
        }

        after = left - bytes;
        return true;
    }
}
