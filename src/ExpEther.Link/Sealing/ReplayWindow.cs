namespace ExpEther.Link.Sealing;

/// <summary>
/// Which frame numbers of an epoch have been taken in: the highest, and a bitmap of those just below it. A number is asked about before
/// the seal is opened and noted only after it proved authentic.
/// </summary>
internal sealed class ReplayWindow
{
    private const int WordBits = 64;
    private const int Words = LinkLimits.ReplayFramesMax / WordBits;

    private readonly ulong[] _seen = new ulong[Words];

    /// <summary>The highest number noted; 0: none yet (numbers begin at 1).</summary>
    public ulong Highest { get; private set; }

    /// <summary>True for a number never noted and not too old to know.</summary>
    public bool IsFresh(ulong number)
    {
        if (number > Highest)
        {
            return true;
        }

        // The oldest word may be partly overwritten by the newest numbers, so the window is one word shorter than the bitmap.
        return number != 0 && Highest - number < LinkLimits.ReplayFramesMax - WordBits && (_seen[Word(number)] & Bit(number)) == 0;
    }

    public void Note(ulong number)
    {
        if (number > Highest)
        {
            var from = Highest / WordBits;
            var to = number / WordBits;
            for (var word = to - from >= Words ? to - Words + 1 : from + 1; word <= to; word++)
            {
                _seen[(int)(word % Words)] = 0;
            }

            Highest = number;
        }

        _seen[Word(number)] |= Bit(number);
    }

    private static int Word(ulong number) => (int)(number / WordBits % Words);

    private static ulong Bit(ulong number) => 1UL << (int)(number % WordBits);
}
