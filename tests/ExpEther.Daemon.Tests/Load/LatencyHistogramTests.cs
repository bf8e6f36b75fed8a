using CsCheck;
using ExpEther.Daemon.Load;

namespace ExpEther.Daemon.Tests.Load;

public class LatencyHistogramTests
{
    [Fact]
    public void A_percentile_is_at_most_a_128th_above_the_true_one_and_never_below()
    {
        Gen.Long[0, 10_000_000_000].Array[1, 200].Sample(samples =>
        {
            var histogram = new LatencyHistogram();
            foreach (var sample in samples)
            {
                histogram.Record(sample);
            }

            var sorted = samples.Order().ToArray();
            foreach (var share in new[] { 0.01, 0.5, 0.99, 1 })
            {
                var exact = sorted[(int)Math.Ceiling(share * sorted.Length) - 1];
                Assert.InRange(histogram.Percentile(share), exact, exact + (exact / 128) + 1);
            }

            Assert.Equal(samples.Length, histogram.Count);
            Assert.Equal(sorted[^1], histogram.MaxNanoseconds);
            Assert.Equal(samples.Average(), histogram.MeanNanoseconds, 1.0);
        });
    }

    [Fact]
    public void Nothing_recorded_is_zero_and_the_impossible_is_kept_within_bounds()
    {
        var histogram = new LatencyHistogram();
        Assert.Equal(0, histogram.Percentile(0.5));
        histogram.Record(-5);
        histogram.Record(long.MaxValue / 2);
        Assert.Equal(0, histogram.Percentile(0.5));
        Assert.Equal(2, histogram.Count);
    }
}
