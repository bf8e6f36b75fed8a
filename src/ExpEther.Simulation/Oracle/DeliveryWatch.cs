using ExpEther.Link.Ethernet;
using ExpEther.Link.Taps;

namespace ExpEther.Simulation.Oracle;

/// <summary>
/// Sees the TLPs that enter every link and those that leave it: what leaves entered at the other end, once, and in that order. What is left out is
/// another oracle's: between two epochs TLPs are lost.
/// </summary>
internal sealed class DeliveryWatch
{
    private readonly Dictionary<(VlanId, MacAddress, MacAddress, TlpDirection), Queue<ulong>> _sent = [];

    /// <summary>The first TLP that was delivered and not sent, or twice; null: none was.</summary>
    public string? Failure { get; private set; }

    /// <summary>The tap of a station's bridge.</summary>
    /// <param name="sends">The direction of what it sends.</param>
    public ITlpTap TapOf(TlpDirection sends) => new Tap(this, sends);

    private void OnTlp(in TlpPassage passage, bool isSent, ReadOnlySpan<byte> tlp)
    {
        var link = (passage.Vlan, passage.Host, passage.Box, passage.Direction);
        if (!_sent.TryGetValue(link, out var sent))
        {
            _sent[link] = sent = new Queue<ulong>();
        }

        var hash = new RunHash();
        hash.Add(passage.Function);
        hash.Add(passage.Generation);
        hash.Add(tlp);
        if (isSent)
        {
            sent.Enqueue(hash.Value);
            return;
        }

        while (sent.TryDequeue(out var next))
        {
            if (next == hash.Value)
            {
                return;
            }
        }

        Failure ??= $"a TLP of function {passage.Function}, {passage.Direction}, was delivered in VLAN {passage.Vlan} that was not sent, or not then";
    }

    private sealed class Tap(DeliveryWatch watch, TlpDirection sends) : ITlpTap
    {
        public void OnTlp(in TlpPassage passage, ReadOnlySpan<byte> tlp)
        {
            if (passage.Point == TlpTapPoint.HostSide)
            {
                watch.OnTlp(passage, passage.Direction == sends, tlp);
            }
        }
    }
}
