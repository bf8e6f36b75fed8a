using ExpEther.Core.Time;

namespace ExpEther.Link.Windows;

/// <summary>
/// Notices that the path has come to carry less than set-up found: long frames vanish while short ones get through.
/// <para>
/// Theory. A loss counts only when a later frame is known to have arrived (FrameEcho), so silence never counts, and only in a frame longer than
/// <see cref="LinkLimits.MtuBytesMin"/>, which every path carries; one such frame that gets through clears the count. What can be done
/// depends on what waits. Records may be grouped into shorter frames at any time without asking the peer: a sender's matter alone, harmless
/// where it was mere bad luck, and nothing is lost, so a few losses suffice. But a record is never cut in two, and a TLP that was taken in
/// cannot be taken back: where shorter frames than the epoch's largest TLP needs would be called for, the epoch must end. That costs its
/// functions a surprise removal, so it takes more losses and a time in which a path that changed for a moment may change back; still well
/// below <see cref="LinkOptions.LinkDead"/>, after which the same would come. Ending is never silent: both sides report "down", and set-up
/// finds the MTU there is.
/// </para>
/// </summary>
internal sealed class ShrinkWatch
{
    private Instant _since;
    private bool _isSuspected;

    /// <summary>No long frame is missing, or a new epoch begins.</summary>
    public void Reset() => _isSuspected = false;

    /// <summary>Frames were lost: what is to be done?</summary>
    /// <param name="losses">How often a record was lost in long frames since one got through.</param>
    /// <param name="canShorten">Frames may be made shorter.</param>
    /// <param name="patience">How long frames that cannot be shortened may vanish.</param>
    /// <param name="now">The owner's time.</param>
    public ShrinkVerdict Look(int losses, bool canShorten, TimeSpan patience, Instant now)
    {
        Check.That(losses > 0);
        if (!_isSuspected)
        {
            (_isSuspected, _since) = (true, now);
        }

        if (canShorten)
        {
            if (losses < LinkLimits.ShrinkLosses)
            {
                return ShrinkVerdict.GoOn;
            }

            _since = now;
            return ShrinkVerdict.Shorter;
        }

        return losses >= 2 * LinkLimits.ShrinkLosses && now - _since >= patience ? ShrinkVerdict.Over : ShrinkVerdict.GoOn;
    }
}
