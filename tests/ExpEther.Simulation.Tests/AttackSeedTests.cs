namespace ExpEther.Simulation.Tests;

/// <summary>
/// Fabrics whose wire belongs to an attacker: no nonce twice under a key, nothing delivered that was not sent, both ends agree or are down, and all
/// is well once it stops. <c>EXPETHER_ATTACK_SEEDS</c> runs more.
/// </summary>
public class AttackSeedTests
{
    private const int Seeds = 6;

    private static readonly string[] AttackKinds =
    [
        "attackCutOff", "attackForge", "attackHold", "attackReplay", "attackReplaySetUp", "attackSiege", "attackSurround", "attackTurnRound",
    ];

    [Fact]
    public void An_attacker_on_the_wire_makes_no_nonce_come_twice_and_nothing_arrive_that_was_not_sent()
    {
        var seeds = int.TryParse(Environment.GetEnvironmentVariable("EXPETHER_ATTACK_SEEDS"), out var more) ? more : Seeds;
        var faults = new FaultCounts();
        for (ulong seed = 3000; seed < 3000 + (ulong)seeds; seed++)
        {
            faults.Add(SeedAssert.IsClean(seed, new SimulationOptions { Sharing = SharingChoice.Never, IsAttacked = true }).Faults);
        }

        Assert.All(AttackKinds, kind => Assert.True(faults.ByName.GetValueOrDefault(kind) > 0, $"{kind} was never tried"));
    }
}
