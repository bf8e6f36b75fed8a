namespace ExpEther.Bridge.Tests.Rules;

/// <summary>
/// Each swap and each check of the table in ARCHITECTURE.md is broken once, and the scenario that asserts the table from outside notices each.
/// What noticed is written to the test's output.
/// </summary>
public sealed class BrokenRuleTests(ITestOutputHelper output)
{
    public static TheoryData<string> OfTheIoBridge => [.. Rules(isHost: false)];

    public static TheoryData<string> OfTheHostBridge => [.. Rules(isHost: true)];

    [Fact]
    public void The_IO_bridge_keeps_all_its_rules() => new IoRulesScenario().Run(BrokenRule.None);

    [Fact]
    public void The_host_bridge_keeps_all_its_rules() => new HostRulesScenario().Run(BrokenRule.None);

    [Theory]
    [MemberData(nameof(OfTheIoBridge))]
    public void An_IO_bridge_that_breaks_a_rule_is_noticed(string rule) => ExpectNoticed(new IoRulesScenario(), rule);

    [Theory]
    [MemberData(nameof(OfTheHostBridge))]
    public void A_host_bridge_that_breaks_a_rule_is_noticed(string rule) => ExpectNoticed(new HostRulesScenario(), rule);

    [Fact]
    public void Every_rule_is_in_the_list() => Assert.Equal(
        Enum.GetNames<BrokenRule>().Except([nameof(BrokenRule.None)]).Order(), Rules(isHost: false).Concat(Rules(isHost: true)).Order());

    private static IEnumerable<string> Rules(bool isHost) =>
        Enum.GetNames<BrokenRule>().Where(n => n != nameof(BrokenRule.None) && n.StartsWith("Host", StringComparison.Ordinal) == isHost);

    private void ExpectNoticed(RuleScenario scenario, string rule)
    {
        var noticed = Record.Exception(() => scenario.Run(Enum.Parse<BrokenRule>(rule)));
        Assert.True(noticed is not null, $"nothing notices that {rule} is broken");
        output.WriteLine($"{rule}: noticed by \"{scenario.Expectation}\"");

        // An exception of another kind is an accident on the way, not a judgement.
        Assert.True(noticed is Xunit.Sdk.XunitException || rule == nameof(BrokenRule.HostSplit), noticed.ToString());
    }
}
