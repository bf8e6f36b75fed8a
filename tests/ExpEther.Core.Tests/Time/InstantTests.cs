using ExpEther.Core.Time;

namespace ExpEther.Core.Tests;

public class InstantTests
{
    [Fact]
    public void Adds_and_subtracts_spans_in_nanoseconds()
    {
        var at = new Instant(1_000_000_000);
        Assert.Equal(1_001_500_000, (at + TimeSpan.FromMilliseconds(1.5)).Nanoseconds);
        Assert.Equal(998_500_000, (at - TimeSpan.FromMilliseconds(1.5)).Nanoseconds);
        Assert.Equal(TimeSpan.FromMilliseconds(1.5), at + TimeSpan.FromMilliseconds(1.5) - at);
    }

    [Fact]
    public void Orders_and_picks_the_earlier()
    {
        var (early, late) = (new Instant(1), new Instant(2));
        Assert.True(early < late && late > early && early <= new Instant(1) && late >= early && !(early >= late));
        Assert.Equal(early, Instant.Min(late, early));
        Assert.Equal(-1, early.CompareTo(late));
        Assert.True(late < Instant.Never);
    }

    [Fact]
    public void Earliest_of_optional_deadlines_ignores_none()
    {
        Assert.Null(Instant.Earliest(null, null));
        Assert.Equal(new Instant(1), Instant.Earliest(new Instant(1), null));
        Assert.Equal(new Instant(1), Instant.Earliest(null, new Instant(1)));
        Assert.Equal(new Instant(1), Instant.Earliest(new Instant(2), new Instant(1)));
    }
}
