using ExpEther.Bench.Lab;

namespace ExpEther.Bench.References;

/// <summary>How a reference's two processes may be run; which is best depends on the machine, so it is tried.</summary>
/// <param name="Name">For the report.</param>
/// <param name="HostCore">The client's core; null: any.</param>
/// <param name="IoCore">The server's.</param>
/// <param name="Extra">Further arguments of the client.</param>
internal sealed record Setting(string Name, int? HostCore, int? IoCore, IReadOnlyList<string> Extra)
{
    /// <summary>Further arguments of the server.</summary>
    public IReadOnlyList<string> ServerExtra { get; init; } = [];

    public static IEnumerable<Setting> Placements =>
        Environment.ProcessorCount == 1
            ? [new("on one core", null, null, [])]
            :
            [
                new("both on one core", BenchNetwork.CoreOf(Side.Host), BenchNetwork.CoreOf(Side.Host), []),
                new("each on a core", BenchNetwork.CoreOf(Side.Host), BenchNetwork.CoreOf(Side.Io), []),
                new("where the scheduler puts them", null, null, []),
            ];

    /// <summary>The command in its side's namespace and on its core.</summary>
    public IReadOnlyList<string> Inside(BenchNetwork network, Side side, IReadOnlyList<string> command) =>
        (side == Side.Host ? HostCore : IoCore) is { } core ? network.Inside(side, core, command) : network.Inside(side, command);
}
