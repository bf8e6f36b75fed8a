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

    [Fact]
    public void A_namespace_shown_to_the_wrong_host_is_found() => AssertFoundWhereShared(() => new MisdirectedNamespaces());

    [Fact]
    public void Owners_mixed_up_at_a_restart_are_found() => AssertFoundWhereShared(() => new MixedUpOwners());

    [Fact]
    public void A_chunk_that_is_not_zeroed_is_found_by_the_bytes_of_another_owner() =>
        Assert.Contains("bytes of another owner", AssertFoundWhereShared(() => new UnzeroedChunks(), "bytes of another owner"), StringComparison.Ordinal);

    [Fact]
    public void A_second_copy_of_a_pool_s_metadata_that_is_not_brought_up_is_found() =>
        AssertFoundWhereShared(() => new SingleCopyPool(), "is lost");

    [Fact]
    public void A_checksum_of_a_pool_s_metadata_that_is_not_checked_is_found() => AssertFoundWhereShared(() => new UncheckedPool());

    [Fact]
    public void A_function_taken_for_its_sibling_is_found() => AssertFoundWhereShared(() => new ConfusedSiblings());

    [Fact]
    public void A_shared_namespace_that_can_be_written_is_found() => AssertFoundWhereShared(() => new WritableSharedNamespace());

    [Fact]
    public void A_skipped_function_level_reset_is_found() => AssertFoundWhereShared(() => new SkippedFunctionReset());

    [Fact]
    public void A_session_that_a_repeated_ACCEPT_begins_again_is_found_by_its_nonces() =>
        Assert.Contains("a nonce is used twice", AssertFound(() => new SessionBegunTwice(), how: "a nonce is used twice"), StringComparison.Ordinal);

    [Fact]
    public void Interrupt_vectors_that_are_not_given_back_after_a_restart_are_found() =>
        AssertFound(() => new UnrestoredVectors(), how: "without an interrupt");

    private static string AssertFoundWhereShared(Func<IPlantedBug> plant, string how = "") => AssertFound(plant, SharingChoice.Always, how);

    /// <param name="plant">Made anew for each seed.</param>
    /// <param name="sharing">Which devices the boxes have.</param>
    /// <param name="how">What the failure must say.</param>
    /// <returns>The failure.</returns>
    private static string AssertFound(Func<IPlantedBug> plant, SharingChoice sharing = SharingChoice.Never, string how = "")
    {
        for (ulong seed = 1; seed <= SeedsMax; seed++)
        {
            // Without the bug the seed is clean, so what is found is the bug.
            var options = new SimulationOptions { Plant = plant(), Sharing = sharing };
            if (Simulator.Run(seed, options) is { Failure: { } why } && why.Contains(how, StringComparison.Ordinal))
            {
                Assert.DoesNotContain("Exception", why, StringComparison.Ordinal);
                TestContext.Current.SendDiagnosticMessage($"seed {seed}: {why}");
                var clean = Simulator.Run(seed, options with { Plant = null });
                Assert.True(clean.Failure is null, $"seed {seed} fails without the bug too: {clean.Failure}");
                return why;
            }
        }

        Assert.Fail($"not found in {SeedsMax} seeds");
        return "";
    }
}
