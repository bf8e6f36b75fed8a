using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Demo;

/// <summary>What the user asked of the demo.</summary>
/// <param name="Hosts">How many share the device.</param>
/// <param name="Disks">Files to serve copies of; empty: an image of the repository's sources.</param>
/// <param name="Transport">Null: the best that works here.</param>
/// <param name="IsSealed">Whether links are sealed.</param>
/// <param name="PauseSeconds">Wait before the second full read, so that a user can do damage.</param>
/// <param name="MtuBytes">Of the lab's cables; 0: 1500, and 9000 for files that would take long at 1500.</param>
/// <param name="CapturePath">Where the first host's first use of its function is captured; null: it is not.</param>
internal sealed record DemoOptions(int Hosts, IReadOnlyList<string> Disks, LabTransport? Transport, bool IsSealed, int PauseSeconds, int MtuBytes,
    string? CapturePath);
