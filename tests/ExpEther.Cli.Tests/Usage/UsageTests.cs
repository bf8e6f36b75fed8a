using ExpEther.Cli.Tests.Lab;

namespace ExpEther.Cli.Tests.Usage;

/// <summary>What a mistyped command line is answered with.</summary>
public class UsageTests
{
    [Theory]
    [InlineData("atach disk1 host1", "did you mean 'attach'?")]
    [InlineData("nvme raed disk1", "did you mean 'read'?")]
    [InlineData("help nonsense", "has no command 'nonsense'")]
    [InlineData("ls --jsn", "did you mean '--json'?")]
    [InlineData("attach --forc disk1 host1", "did you mean '--force'?")]
    [InlineData("detach --forc", "did you mean '--force'?")]
    [InlineData("detach disk1 --soket=x", "did you mean '--socket'?")]
    [InlineData("attach", "missing: <function>, <host>")]
    [InlineData("attach disk1", "missing: <host>")]
    [InlineData("attach disk1 host1 host2", "'host2' is one word too many")]
    [InlineData("namespace create disk1", "missing: <size>, <host>")]
    [InlineData("namespace create disk1 10 host1", "as in 10GiB?")]
    [InlineData("namespace create disk1 ten host1", "'ten' is not a number of bytes")]
    [InlineData("io", "missing: --config FILE")]
    [InlineData("detach disk1 --socket", "--socket needs a value: PATH")]
    [InlineData("lab", "needs a command: up, status")]
    [InlineData("switch --port a,packet=b --ether-type 5", "'5' is not an EtherType")]
    public async Task A_mistyped_command_line_is_answered_with_what_may_be_meant(string line, string words)
    {
        var run = await Expether.RunAsync(line.Split(' '));
        var json = await Expether.RunAsync([.. line.Split(' '), "--json"]);

        Assert.Equal(2, run.Code);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
        Assert.Contains("usage: expether", run.Error, StringComparison.Ordinal);
        Assert.Equal("", run.Output);
        if (!line.EndsWith("--socket", StringComparison.Ordinal))
        {
            Assert.Contains(words, json.Json["error"]!["message"]!.GetValue<string>(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("help attach", "attach --help")]
    [InlineData("nvme help read", "nvme read --help")]
    [InlineData("help", "--help")]
    [InlineData("version", "--version")]
    public async Task Help_and_version_are_words_too(string words, string options)
    {
        var one = await Expether.RunAsync(words.Split(' '));
        var other = await Expether.RunAsync(options.Split(' '));

        Assert.Equal((0, 0), (one.Code, other.Code));
        Assert.Equal(other.Output, one.Output);
    }

    [Fact]
    public async Task An_option_after_two_dashes_is_a_name()
    {
        var run = await Expether.RunAsync("detach", "--socket", "/nowhere/socket", "--", "--force");
        Assert.Equal(3, run.Code);
    }
}
