using ExpEther.Bridge.Io.Devices;
using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Io.Sessions;
using ExpEther.Core.Counters;
using ExpEther.Link;

namespace ExpEther.Bridge.Io.Status;

/// <summary>What is shown of an I/O bridge in counter pages: its functions and its links.</summary>
internal static class IoCounterEntries
{
    public static void AddShape(CounterShape shape, FunctionTable functions, HostSessions hosts)
    {
        for (var i = 0; i < functions.All.Count; i++)
        {
            shape.Add(functions.All[i]);
            shape.Add(functions.All[i].IsOpen ? functions.All[i].Session : null);
        }

        for (var i = 0; i < hosts.All.Count; i++)
        {
            shape.Add(hosts.All[i]);
        }
    }

    public static void Add(CounterTree tree, FunctionTable functions, HostSessions hosts)
    {
        tree.List("functions", functions.All, function =>
        {
            tree.Text("name", function.Name);
            tree.Text("host", function.IsOpen ? function.Session?.Name ?? "" : "");
            tree.All(() => ref function.Counters);
            tree.Gauge("hostRequestsOutstanding", () => function.HostRequests.Count);
            tree.Gauge("dmaRequestsOutstanding", () => function.DmaRequests.Count);
        });
        tree.List("links", hosts.All, host => LinkCounterEntries.Add(tree, host.Name, host.Link));
    }

    public static void AddBridge(
        CounterTree tree, DeviceBus devices, HostSessions hosts, Func<long> malformed, Func<long> unknownFunctions, Func<long> configTimeouts,
        Func<long> staleAnswers)
    {
        tree.Counter("framesNotOurs", () => hosts.FramesNotOurs);
        tree.Counter("strangersNotListed", () => hosts.StrangersNotListed);
        tree.Counter("tlpsMalformed", malformed);
        tree.Counter("tlpsToUnknownFunctions", unknownFunctions);
        tree.Counter("deviceTlpsMalformed", () => Sum(devices.All, d => d.Malformed));
        tree.Counter("deviceTlpsFromUnknownRequesters", () => Sum(devices.All, d => d.UnknownRequesters));
        tree.Counter("configTimeouts", configTimeouts);
        tree.Counter("staleAnswers", () => staleAnswers() + Sum(hosts.All, h => h.ControlsUnreadable));
        tree.Counter("repliesDropped", () => Sum(hosts.All, h => h.RepliesDropped + h.ControlsDropped));
    }

    /// <summary>By index, since an enumerator of an interface would be allocated.</summary>
    private static long Sum<T>(IReadOnlyList<T> things, Func<T, long> count)
    {
        long sum = 0;
        for (var i = 0; i < things.Count; i++)
        {
            sum += count(things[i]);
        }

        return sum;
    }
}
