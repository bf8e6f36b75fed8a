using ExpEther.Core.Counters;
using ExpEther.Core.Stages;
using ExpEther.Daemon.Events;
using ExpEther.Ethernet.Ports;

namespace ExpEther.Daemon.Counters;

/// <summary>Entries that the pages of several kinds of daemons have.</summary>
internal static class CommonEntries
{
    public static void AddPort(CounterTree tree, INetworkPort port)
    {
        tree.Text("name", port.Name);
        tree.Flag("isUp", () => port.IsUp);
        tree.All(port.Counters);
    }

    public static void AddLog(CounterTree tree, LogCounters log)
    {
        tree.Counter("lines", () => log.Lines);
        tree.Counter("linesLost", () => log.LinesLost);
        tree.Counter("repeatsKeptBack", () => log.RepeatsKeptBack);
    }

    public static void AddLoop(CounterTree tree, StageClock stages, Func<long> sleeps)
    {
        tree.Counter("turns", () => stages.Turns);
        tree.Counter("sleeps", sleeps);
        tree.Nanoseconds("busyNanoseconds", () => stages.BusyNanoseconds);
        tree.Nanoseconds("idleNanoseconds", () => stages.IdleNanoseconds);
        tree.Nanoseconds("asleepNanoseconds", () => stages.AsleepNanoseconds);
        tree.Counter("slicesSampled", () => stages.SlicesSampled);
        tree.Object("stages", () =>
        {
            foreach (var stage in Enum.GetValues<Stage>())
            {
                tree.Nanoseconds($"{stage.ToString().ToLowerInvariant()}Nanoseconds", () => stages.Nanoseconds(stage));
            }
        });
    }
}
