using ExpEther.Daemon.Config;

namespace ExpEther.Daemon.Tests.Config;

public class SuggestionTests
{
    [Theory]
    [InlineData("disk2", "disk1")]
    [InlineData("DISK1.vf1", "disk1.vf1")]
    [InlineData("something", null)]
    public void The_nearest_is_meant_if_it_is_near(string word, string? meant) => Assert.Equal(meant, Suggestion.Nearest(word, ["disk1", "disk1.vf1"]));

    /// <summary>A box may have no hosts and no functions, and is asked for them all the same.</summary>
    [Fact]
    public void Where_nothing_is_known_nothing_is_meant()
    {
        Assert.Null(Suggestion.Nearest("disk1", []));
        Assert.NotEmpty(Suggestion.For("disk1", []));
    }
}
