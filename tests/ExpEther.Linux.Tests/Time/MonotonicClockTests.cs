using ExpEther.Linux.Time;

namespace ExpEther.Linux.Tests.Time;

public class MonotonicClockTests
{
    [Fact]
    public void It_never_runs_backwards_and_agrees_with_the_machines_uptime()
    {
        var first = MonotonicClock.Now;
        var second = MonotonicClock.Now;
        Assert.True(second >= first);

        // CLOCK_MONOTONIC is the uptime without the time asleep: never more than what /proc/uptime says afterwards.
        var uptime = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(first.Nanoseconds / 1e9 <= uptime + 0.011);
    }

    [Fact]
    public void Random_bytes_differ_from_call_to_call()
    {
        var random = new SystemRandom();
        var (one, two) = (new byte[32], new byte[32]);
        random.Fill(one);
        random.Fill(two);
        Assert.NotEqual(one, two);
    }
}
