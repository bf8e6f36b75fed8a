using ExpEther.Daemon.Config;
using ExpEther.Daemon.Reload;
using ExpEther.Ethernet.Ports;
using ExpEther.Link.Ethernet;

namespace ExpEther.Daemon.Ports;

/// <summary>
/// Changes of what a port receives, in two phases: widened to the old and the new before anything else changes, which may fail, and
/// narrowed afterwards. Where narrowing fails, frames come in that the bridges drop.
/// </summary>
internal static class PortReception
{
    /// <exception cref="PortException">It cannot be widened.</exception>
    public static void Widen(INetworkPort port, IReadOnlyCollection<MacAddress> macs, VlanId[] before, VlanId[] after) =>
        port.ChangeReception(macs, before.Length == 0 || after.Length == 0 ? [] : [.. before.Union(after)]);

    public static void Narrow(INetworkPort port, IReadOnlyCollection<MacAddress> macs, VlanId[] vlans)
    {
        try
        {
            port.ChangeReception(macs, vlans);
        }
        catch (PortException)
        {
        }
    }

    /// <summary>A peer of another address family could not be sent to.</summary>
    public static IEnumerable<ReloadRefusal> RefusalsOfPeers(PortConfig port) => port.Peers
        .Where(p => p.AddressFamily != port.Listen.AddressFamily)
        .Select(p => new ReloadRefusal(
            "port.peers", $"{p} and the endpoint listened on, {port.Listen}, are of different kinds", "write both as IPv4 or both as IPv6"));

    public static void ChangePeers(INetworkPort port, PortConfig config) => (port as UdpPort)?.ChangePeers(config.Peers);
}
