using ExpEther.Daemon.Control;

namespace ExpEther.Daemon.Counters;

/// <summary>Where counter pages are: each beside its daemon's control socket.</summary>
public static class CounterPaths
{
    private const string Ending = ".counters";

    /// <summary><c>io-box1.sock</c> has <c>io-box1.counters</c>.</summary>
    public static string Of(string socketPath) =>
        (socketPath.EndsWith(".sock", StringComparison.Ordinal) ? socketPath[..^".sock".Length] : socketPath) + Ending;

    /// <summary>Pages in the folders of control sockets, of daemons of these kinds, whether or not they run.</summary>
    public static IReadOnlyList<string> Existing(params IReadOnlyList<string> kinds) => ControlPaths.Existing(kinds, Ending);
}
