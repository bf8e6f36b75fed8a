using ExpEther.Simulation.Faults;
using ExpEther.Simulation.Tests.Planted;

namespace ExpEther.Simulation.Tests;

/// <summary>Bugs that are put in on purpose are found, each within 200 seeds: the simulator sees what it is there to see.</summary>
public class PlantedBugTests
{
    private const ulong SeedsMax = 200;

    [Fact]
    public void A_skipped_address_swap_is_found() => AssertFound(() => new SkippedAddressSwap());

    [Fact]
    public void An_unchecked_epoch_is_found() => AssertFound(() => new UncheckedEpoch());

    [Fact]
    public void A_leaked_credit_is_found() => AssertFound(() => new LeakedCredit());

    [Fact]
    public void A_lost_generation_check_is_found() => AssertFound(() => new LostGenerationCheck());

    [Fact]
    public void An_acknowledgement_before_durability_is_found() => AssertFound(() => new EarlyFlush(isLost: false));

    [Fact]
    public void A_lost_flush_is_found() => AssertFound(() => new EarlyFlush(isLost: true));

    [Fact]
    public void A_dropped_completion_is_found() => AssertFound(() => new DroppedCompletion());

    [Fact]
    public void A_duplicated_posted_write_is_found() => AssertFound(() => new DuplicatedPosted());

    [Fact]
    public void A_write_to_the_wrong_host_is_found() => AssertFound(() => new WrongHost());

    [Fact]
    public void A_stale_completion_is_found() => AssertFound(() => new StaleCompletion());

    [Fact]
    public void A_hidden_media_error_is_found() => AssertFound(() => new HiddenMediaError());

    [Fact]
    public void A_false_promise_of_zeroes_is_found() => AssertFound(() => new FalseZeroPromise());

    [Fact]
    public void A_deallocation_beyond_its_range_is_found() => AssertFound(() => new WideDeallocation());

    private static void AssertFound(Func<IPlantedBug> plant)
    {
        for (ulong seed = 1; seed <= SeedsMax; seed++)
        {
            // Without the bug the seed is clean, so what is found is the bug.
            if (Simulator.Run(seed, new SimulationOptions { Plant = plant() }) is { Failure: { } why })
            {
                Assert.DoesNotContain("Exception", why, StringComparison.Ordinal);
                TestContext.Current.SendDiagnosticMessage($"seed {seed}: {why}");
                var clean = Simulator.Run(seed, new SimulationOptions());
                Assert.True(clean.Failure is null, $"seed {seed} fails without the bug too: {clean.Failure}");
                return;
            }
        }

        Assert.Fail($"not found in {SeedsMax} seeds");
    }
}
