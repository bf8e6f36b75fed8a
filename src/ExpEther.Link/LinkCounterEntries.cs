using System.Globalization;
using ExpEther.Core.Counters;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Link;

/// <summary>What is shown of a link in counter pages.</summary>
public static class LinkCounterEntries
{
    /// <param name="tree">Where to.</param>
    /// <param name="peer">The peer, as the user knows it.</param>
    /// <param name="link">The link.</param>
    public static void Add(CounterTree tree, string peer, EtherLink link)
    {
        var counters = link.Counters;
        tree.Text("peer", peer);
        tree.Flag("isUp", () => link.State == LinkState.Up);
        tree.All(counters);
        tree.Gauge("roundTripNanoseconds", () => link.RoundTrip.Ticks * TimeSpan.NanosecondsPerTick);
        tree.Gauge("nonPostedWaiting", () => link.NonPostedWaiting);
        tree.Object("droppedBy", () =>
        {
            foreach (var reason in Enum.GetValues<FrameDrop>())
            {
                var name = reason.ToString();
                tree.Counter(char.ToLowerInvariant(name[0]) + name[1..], () => counters.Dropped(reason));
            }
        });
        foreach (var tlps in Enum.GetValues<TlpClass>())
        {
            tree.Counter($"tlps{tlps}Sent", () => counters.TlpsSent(tlps));
            tree.Counter($"tlps{tlps}Received", () => counters.TlpsReceived(tlps));
        }

        tree.Object("roundTrips", () =>
        {
            for (var bucket = 0; bucket < RoundTripHistogram.Buckets; bucket++)
            {
                var one = bucket;
                var name = bucket == RoundTripHistogram.Buckets - 1
                    ? "longer"
                    : string.Create(CultureInfo.InvariantCulture, $"below{RoundTripHistogram.EndMicroseconds(bucket)}us");
                tree.Counter(name, () => counters.RoundTrips.Count(one));
            }
        });
    }
}
