using ExpEther.Core.Time;
using ExpEther.Link;
using ExpEther.Link.Announcements;
using ExpEther.Link.Wire;

namespace ExpEther.Bridge.Diagnosis;

/// <summary>
/// Finds out why the link to a peer that is known does not come up, from the reasons for which its frames are dropped and from what it
/// announces. Nothing of that is authentic, so it is said and never acted upon: each trouble once until the link has been up again, and a
/// single damaged frame is none.
/// </summary>
internal sealed class SetupWatch
{
    /// <summary>Frames dropped for one reason before that counts: a peer repeats its set-up at least every two seconds.</summary>
    private const int DropsMin = 3;

    /// <summary>How long a peer that announces itself may leave set-up unanswered.</summary>
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(8);

    /// <summary>How long a peer may have an epoch with another of our identity: our own last life, when we were started again, ends sooner.</summary>
    private static readonly TimeSpan TakenTime = TimeSpan.FromSeconds(3);

    private long _wrongForm;
    private long _brokenSeal;
    private long _wrongVersion;
    private Instant? _unansweredSince;
    private int _told;

    /// <summary>What is known now.</summary>
    public SetupTrouble Trouble { get; private set; }

    /// <summary>Looks at the link; cheap.</summary>
    /// <param name="link">To the peer.</param>
    /// <param name="heard">What the peer announces now; null: nothing.</param>
    /// <param name="now">The owner's time.</param>
    /// <returns>A trouble that is to be reported.</returns>
    public SetupTrouble? Look(EtherLink link, Announcement? heard, Instant now)
    {
        var counters = link.Counters;
        if (link.State != LinkState.Connecting)
        {
            (_wrongForm, _brokenSeal, _wrongVersion) =
                (counters.Dropped(FrameDrop.WrongForm), counters.Dropped(FrameDrop.BrokenSeal), counters.Dropped(FrameDrop.WrongVersion));
            _unansweredSince = null;
            _told = link.State == LinkState.Up ? 0 : _told;
            var hasRival = link.HasRival(now);
            var isNews = hasRival && Trouble != SetupTrouble.Duplicate;
            Trouble = hasRival ? SetupTrouble.Duplicate : SetupTrouble.None;
            return isNews ? Trouble : null;
        }

        _unansweredSince = heard is null ? null : _unansweredSince ?? now;
        if ((heard is not null && heard.LinkVersion != FrameLayout.CurrentVersion) || counters.Dropped(FrameDrop.WrongVersion) >= _wrongVersion + DropsMin)
        {
            Trouble = SetupTrouble.VersionDiffers;
        }
        else if ((heard is not null && heard.WantsSeal != link.Options.Sealed) || counters.Dropped(FrameDrop.WrongForm) >= _wrongForm + DropsMin)
        {
            Trouble = SetupTrouble.SealDiffers;
        }
        else if (counters.Dropped(FrameDrop.BrokenSeal) >= _brokenSeal + DropsMin)
        {
            Trouble = SetupTrouble.KeyDiffers;
        }
        else if (link.PeerTakenSince is { } taken && now - taken >= TakenTime)
        {
            Trouble = SetupTrouble.OursIsTaken;
        }
        else
        {
            Trouble = _unansweredSince is { } since && now - since >= AnswerTime ? SetupTrouble.NoAnswer : SetupTrouble.None;
        }

        var bit = 1 << (int)Trouble;
        if (Trouble == SetupTrouble.None || (_told & bit) != 0)
        {
            return null;
        }

        _told |= bit;
        return Trouble;
    }

    /// <summary>The peer, or this end, is another now: what was told may be told again.</summary>
    public void Forget()
    {
        (_wrongForm, _brokenSeal, _wrongVersion) = (0, 0, 0);
        _unansweredSince = null;
        _told = 0;
        Trouble = SetupTrouble.None;
    }
}
