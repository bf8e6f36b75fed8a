using System.Text.Json.Nodes;
using ExpEther.Cli.Top;
using ExpEther.Core.Time;
using ExpEther.Daemon.Counters;

namespace ExpEther.Cli.Tests.Top;

public class TopScreenTests
{
    [Theory]
    [InlineData(0.0, "0")]
    [InlineData(0.04, "0.0")]
    [InlineData(7, "7")]
    [InlineData(999.6, "1.00k")]
    [InlineData(12_345, "12.3k")]
    [InlineData(999_600, "1.00M")]
    [InlineData(123_456_789, "123M")]
    [InlineData(2_500_000_000, "2.50G")]
    public void Numbers_are_written_short(double value, string text) => Assert.Equal(text, TopScreen.Figure(value, TopUnit.Number));

    [Theory]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(120)]
    public void A_bar_fills_its_width_and_no_line_is_wider(int width)
    {
        var daemon = Daemon([("wire", 0.101), ("link", 0.2), ("bridge", 0.049), ("device", 0.15), ("idle", 0.2), ("asleep", 0.3)]);

        var lines = new TopScreen(hasColor: true).Draw([daemon], width);

        Assert.Equal(width, lines[1].Width);
        Assert.All(lines, line => Assert.True(line.Width <= Math.Max(width, 40), line.Plain));
        Assert.Contains(lines, line => line.Plain.Contains("link 20", StringComparison.Ordinal));
    }

    [Fact]
    public void A_daemon_that_gives_no_sign_of_life_is_named()
    {
        var lines = new TopScreen(hasColor: false).Draw([Daemon([]) with { IsOverdue = true, Age = TimeSpan.FromSeconds(12) }], 80);

        Assert.Contains("no news for 12.0 s", lines[0].Plain, StringComparison.Ordinal);
    }

    private static TopDaemon Daemon(IReadOnlyList<(string, double)> shares) => new(
        new CounterSnapshot("page", 1, true, 1, 1, Instant.Zero, TimeSpan.FromSeconds(1), 0, []), "io", "box1", TimeSpan.Zero, false, 1, shares, 1234,
        [new TopTable("devices", "DEVICE", [new TopColumn("readsPerSecond", "READ/s")], [new TopRow("disk1", new JsonObject(), [1.0])])]);
}
