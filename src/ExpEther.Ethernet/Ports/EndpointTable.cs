using System.Runtime.InteropServices;
using ExpEther.Link.Ethernet;
using ExpEther.Linux.Sockets;

namespace ExpEther.Ethernet.Ports;

/// <summary>
/// Where each source MAC last spoke from. Bounded: when it is full it starts anew, and what still speaks is learned again by its next
/// frame (until then its frames are flooded).
/// </summary>
internal sealed class EndpointTable
{
    private readonly Dictionary<MacAddress, UdpAddress> _byMac = new(EthernetLimits.UdpLearnedMacsMax);
    private readonly List<UdpAddress> _distinct = new(EthernetLimits.UdpPeersMax);

    /// <summary>Each endpoint that some MAC speaks from, once; at most <see cref="EthernetLimits.UdpPeersMax"/>.</summary>
    public ReadOnlySpan<UdpAddress> Distinct => CollectionsMarshal.AsSpan(_distinct);

    public void Learn(MacAddress mac, UdpAddress from)
    {
        if (mac.IsMulticast || (_byMac.TryGetValue(mac, out var known) && known == from))
        {
            return;
        }

        if (_byMac.Count >= EthernetLimits.UdpLearnedMacsMax)
        {
            _byMac.Clear();
        }

        _byMac[mac] = from;
        _distinct.Clear();
        foreach (var endpoint in _byMac.Values)
        {
            if (_distinct.Count < EthernetLimits.UdpPeersMax && !_distinct.Contains(endpoint))
            {
                _distinct.Add(endpoint);
            }
        }
    }

    public bool TryFind(MacAddress mac, out UdpAddress endpoint) => _byMac.TryGetValue(mac, out endpoint);
}
