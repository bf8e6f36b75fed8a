namespace ExpEther.Daemon.State;

/// <summary>What was found where a file of state should be.</summary>
/// <param name="Condition">Whether it can be used.</param>
/// <param name="Version">Of the state's format; 0 where it is not in an envelope.</param>
/// <param name="State">The state, or all of a file without an envelope; empty when neither can be used.</param>
/// <param name="Problem">What is wrong with it, in words; empty when nothing is.</param>
internal sealed record StateFileContent(StateFileCondition Condition, int Version, byte[] State, string Problem)
{
    public static StateFileContent Damaged(string problem) => new(StateFileCondition.Damaged, 0, [], problem);
}
