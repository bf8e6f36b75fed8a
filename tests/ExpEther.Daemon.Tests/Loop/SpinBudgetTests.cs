using ExpEther.Core.Time;
using ExpEther.Daemon.Loop;

namespace ExpEther.Daemon.Tests.Loop;

public class SpinBudgetTests
{
    private static readonly Instant Start = new(1_000_000_000);

    [Fact]
    public void An_idle_loop_spins_for_its_budget_while_nobody_wants_the_core()
    {
        var budget = new SpinBudget();
        budget.OnYielded(Start, Microseconds(1));
        Assert.False(budget.IsOver(Start, Start + Microseconds(LoopLimits.SpinMicrosecondsMax - 1)));
        Assert.True(budget.IsOver(Start, Start + Microseconds(LoopLimits.SpinMicrosecondsMax)));
    }

    [Fact]
    public void Long_sleeps_shorten_the_spinning_and_short_ones_lengthen_it_again()
    {
        var budget = new SpinBudget();
        budget.OnSlept(TimeSpan.FromMilliseconds(5));
        Assert.True(budget.IsOver(Start, Start + Microseconds(LoopLimits.SpinMicrosecondsMin)));
        budget.OnSlept(Microseconds(60));
        Assert.False(budget.IsOver(Start, Start + Microseconds(LoopLimits.SpinMicrosecondsMin)));
    }

    [Fact]
    public void A_loop_whose_core_is_wanted_sleeps_at_once_for_a_while()
    {
        var budget = new SpinBudget();
        budget.OnYielded(Start, Microseconds(LoopLimits.YieldMicrosecondsMax + 1));
        Assert.True(budget.IsOver(Start, Start));
        var later = Start + TimeSpan.FromMilliseconds(LoopLimits.CrowdedMilliseconds);
        Assert.True(budget.IsOver(later - Microseconds(1), later - Microseconds(1)));
        Assert.False(budget.IsOver(later, later));
    }

    [Fact]
    public void A_spinning_loop_offers_its_core_now_and_then_but_not_within_a_round_trip()
    {
        var budget = new SpinBudget();
        Assert.False(budget.ShouldOffer(Start, Start + Microseconds(LoopLimits.OfferMicroseconds - 1)));
        var first = Start + Microseconds(LoopLimits.OfferMicroseconds);
        Assert.True(budget.ShouldOffer(Start, first));
        budget.OnYielded(first, Microseconds(1));
        Assert.False(budget.ShouldOffer(Start, first + Microseconds(LoopLimits.OfferMicroseconds - 1)));
        Assert.True(budget.ShouldOffer(Start, first + Microseconds(LoopLimits.OfferMicroseconds)));
    }

    private static TimeSpan Microseconds(int count) => TimeSpan.FromMicroseconds(count);
}
