namespace ExpEther.Bridge.Tests.Rules;

/// <summary>Something that a bridge goes through, judged from outside, with what is expected in words.</summary>
internal abstract class RuleScenario
{
    /// <summary>What was expected last: when the scenario fails, what failed.</summary>
    public string Expectation { get; private set; } = "";

    /// <summary>Goes through all of it; throws where something is not as it must be.</summary>
    public abstract void Run(BrokenRule broken);

    protected void Expect(string what, bool holds)
    {
        Expectation = what;
        Assert.True(holds, what);
    }
}
