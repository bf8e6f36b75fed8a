using ExpEther.Core.Counters;
using ExpEther.Link;

namespace ExpEther.Bridge.Hosts;

/// <summary>What is shown of a host bridge in counter pages: its own counters, its slots, its links.</summary>
internal static class HostCounterEntries
{
    public static void AddShape(CounterShape shape, DownstreamSlot[] slots, BoxTable boxes)
    {
        foreach (var slot in slots)
        {
            shape.Add(slot.Occupant);
        }

        foreach (var box in boxes.All)
        {
            shape.Add(box);
            shape.Add(box.Name);
        }
    }

    /// <param name="tree">Where to.</param>
    /// <param name="bridge">The bridge's own counters at the moment of the call.</param>
    /// <param name="slots">Its slots.</param>
    /// <param name="boxes">Its links.</param>
    public static void Add(CounterTree tree, Func<HostBridgeCounters> bridge, DownstreamSlot[] slots, BoxTable boxes)
    {
        tree.Object("bridge", () =>
        {
            tree.Counter("framesNotForUs", () => bridge().FramesNotForUs);
            tree.Counter("framesOfStrangers", () => bridge().FramesOfStrangers);
            tree.Counter("unclaimedRequests", () => bridge().UnclaimedRequests);
            tree.Counter("malformedFromHost", () => bridge().MalformedFromHost);
            tree.Counter("staleTlps", () => bridge().StaleTlps);
            tree.Counter("badControlMessages", () => bridge().BadControlMessages);
            tree.Counter("functionsRefused", () => bridge().FunctionsRefused);
            tree.Counter("queueOverflows", () => bridge().QueueOverflows);
        });
        tree.List("slots", slots, slot =>
        {
            tree.Gauge("slot", () => slot.Number);
            tree.Text("function", slot.Occupant?.Name ?? "");
            tree.All(() => ref slot.Counters);
        });
        tree.List("links", boxes.All, box => LinkCounterEntries.Add(tree, box.Name.Length > 0 ? box.Name : box.Mac.ToString(), box.Link));
    }
}
