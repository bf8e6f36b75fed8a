using ExpEther.Core.Time;

namespace ExpEther.Core.Tests;

public class RepeatLimiterTests
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);
    private readonly RepeatLimiter _limiter = new(Shortest, Longest);

    [Fact]
    public void What_comes_all_the_time_is_told_at_growing_intervals_with_how_many_were_kept_back()
    {
        var told = new List<(long Milliseconds, long KeptBack)>();
        for (var at = 0; at < 300_000; at += 100)
        {
            if (_limiter.ShouldTell(At(at), out var keptBack))
            {
                told.Add((at, keptBack));
            }
        }

        Assert.Equal(
            [(0, 0), (1_000, 9), (3_000, 19), (7_000, 39), (15_000, 79), (31_000, 159), (63_000, 319), (123_000, 599), (183_000, 599), (243_000, 599)], told);
    }

    [Fact]
    public void What_comes_rarely_is_always_told()
    {
        for (var at = 0; at < 10; at++)
        {
            Assert.True(_limiter.ShouldTell(At(at * 60_000), out var keptBack));
            Assert.Equal(0, keptBack);
        }
    }

    [Fact]
    public void After_a_long_quiet_it_starts_again_and_still_tells_what_was_kept_back()
    {
        Assert.True(_limiter.ShouldTell(At(0), out _));
        Assert.False(_limiter.ShouldTell(At(10), out _));

        Assert.True(_limiter.ShouldTell(At(100_000), out var keptBack));
        Assert.Equal(1, keptBack);
        Assert.True(_limiter.ShouldTell(At(101_000), out _));
    }

    [Fact]
    public void After_the_trouble_is_over_the_next_report_is_told_at_once()
    {
        Assert.True(_limiter.ShouldTell(At(0), out _));
        _limiter.Clear();

        Assert.True(_limiter.ShouldTell(At(1), out _));
        Assert.False(_limiter.ShouldTell(At(2), out _));
    }

    private static Instant At(long milliseconds) => new(milliseconds * 1_000_000);
}
