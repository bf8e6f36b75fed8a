namespace ExpEther.Core.Tests;

public class CheckTests
{
    [Fact]
    public void Broken_invariant_names_its_expression()
    {
        var inFlight = 5;
        Check.That(inFlight <= 5);
        var broken = Assert.Throws<InvariantException>(() => Check.That(inFlight < 5));
        Assert.Equal("invariant broken: inFlight < 5", broken.Message);
    }
}
