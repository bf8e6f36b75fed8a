namespace ExpEther.Cli.Demo;

/// <summary>What the user asked of the demo.</summary>
/// <param name="Disks">Files to serve copies of; empty: an image of the repository's sources.</param>
/// <param name="Transport">Null: the best that works here.</param>
/// <param name="IsSealed">Whether links are sealed.</param>
/// <param name="PauseSeconds">Wait before the second full read, so that a user can do damage.</param>
/// <param name="MtuBytes">Of the lab's cables; 0: 1500, and 9000 for disks that would take long at 1500.</param>
internal sealed record DemoOptions(IReadOnlyList<string> Disks, LabTransport? Transport, bool IsSealed, int PauseSeconds, int MtuBytes);
