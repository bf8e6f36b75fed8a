namespace ExpEther.RootComplex.Functions;

/// <summary>The end of a memory-mapped read.</summary>
/// <param name="Value">What was read; all-ones when nobody answered in time or the answer was a refusal.</param>
/// <param name="IsError">True: all-ones stands for "no answer", not for a register's value.</param>
public readonly record struct MmioResult(ulong Value, bool IsError)
{
    public static MmioResult NoAnswer32 => new(uint.MaxValue, true);

    public static MmioResult NoAnswer64 => new(ulong.MaxValue, true);
}
