namespace ExpEther.Simulation.Tests;

/// <summary>What must be true of a run of a fabric without a planted bug.</summary>
internal static class SeedAssert
{
    public static SeedResult IsClean(ulong seed, SimulationOptions options)
    {
        var result = Simulator.Run(seed, options);

        Assert.True(
            result.Failure is null,
            $"seed {seed} failed {result.Failure}\n"
            + $"again: ./expether sim --seeds {seed} --hosts {options.Hosts} --boxes {options.Boxes} --sharing {options.Sharing} --trace\n"
            + string.Join('\n', result.Trace));
        Assert.True(
            result.VirtualTime >= TimeSpan.FromSeconds(60) && result.Operations >= SimulationLimits.OperationsMin,
            $"seed {seed}: {result.VirtualTime}, {result.Operations} operations");
        return result;
    }
}
