namespace ExpEther.Simulation;

/// <summary>
/// Runs whole fabrics under faults, one seed after the other. All that can happen to a run comes from its seed and its options: the same
/// seed is the same run, frame by frame.
/// </summary>
public static class Simulator
{
    public static SeedResult Run(ulong seed, SimulationOptions options)
    {
        var run = new FabricRun(seed, options);
        string? failure = null;
        try
        {
            run.RunAll();
        }
        catch (SimulationFailure e)
        {
            failure = e.Message;
        }
        catch (Exception e)
        {
            // Whatever is thrown is a bug of ours: parsers and state machines answer with values.
            failure = $"{e.GetType().Name}: {e.Message}{PlaceOf(e)}";
        }

        return run.Result(failure);
    }

    private static string PlaceOf(Exception e) =>
        string.Concat((e.StackTrace ?? "").Split('\n').Take(12).Select(line => "\n    " + line.Trim()));
}
