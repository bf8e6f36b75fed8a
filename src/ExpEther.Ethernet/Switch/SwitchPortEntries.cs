using ExpEther.Core.Counters;

namespace ExpEther.Ethernet.Switch;

/// <summary>What is shown of a switch's port in counter pages.</summary>
internal static class SwitchPortEntries
{
    public static void Add(CounterTree tree, SwitchPort port)
    {
        tree.Flag("isCut", () => port.Faults.IsCut);
        tree.Gauge("dropNext", () => port.Faults.DropNext);
        tree.Gauge("dropPartsPerMillion", () => (long)(port.Faults.DropProbability * 1e6));
        tree.Gauge("delayNanoseconds", () => port.Faults.Delay.Ticks * TimeSpan.NanosecondsPerTick);
        tree.Gauge("queued", () => port.Egress.Count);
        tree.Counter("received", () => port.FramesIn);
        tree.Counter("receivedBytes", () => port.BytesIn);
        tree.Counter("sent", () => port.FramesOut);
        tree.Counter("sentBytes", () => port.BytesOut);
        tree.Counter("flooded", () => port.FramesFlooded);
        tree.Counter("stationMoves", () => port.StationMoves);
        tree.Counter("stationMovesRefused", () => port.StationMovesRefused);
        tree.Counter("dropped", () => port.DroppedInAll);
        tree.Object("droppedBy", () =>
        {
            foreach (var reason in Enum.GetValues<SwitchDropReason>())
            {
                var name = reason.ToString();
                tree.Counter(char.ToLowerInvariant(name[0]) + name[1..], () => port.Count(reason));
            }
        });
    }
}
