using ExpEther.Daemon.Config;
using ExpEther.Ethernet.Ports;
using ExpEther.Link;
using ExpEther.Link.Ethernet;

namespace ExpEther.Daemon.Ports;

/// <summary>Opens the port that a configuration describes.</summary>
internal static class PortOpener
{
    /// <param name="config">Which.</param>
    /// <param name="macs">Local addresses.</param>
    /// <param name="vlans">Which come in.</param>
    /// <param name="peers">How many bridges may send at once.</param>
    /// <exception cref="PortException">No such interface, no permission, the address is in use; the message says what to do.</exception>
    public static INetworkPort Open(PortConfig config, IReadOnlyCollection<MacAddress> macs, IReadOnlyCollection<VlanId> vlans, int peers)
    {
        if (config.Kind == PortKind.Udp)
        {
            if (config.MtuBytes > UdpPort.LargestMtuBytes)
            {
                throw new PortException($"mtu = {config.MtuBytes} is more than the {UdpPort.LargestMtuBytes} bytes that a UDP datagram holds: lower it");
            }

            return new UdpPort(config.Listen, config.Peers, config.MtuBytes > 0 ? config.MtuBytes : UdpPort.DefaultMtuBytes, config.EtherType, hasProof: true);
        }

        var port = new PacketSocketPort(config.Interface, macs, vlans, config.EtherType, peers);
        var mtu = port.MtuBytes;
        if (mtu >= LinkLimits.MtuBytesMin && config.MtuBytes <= mtu)
        {
            return port;
        }

        port.Dispose();
        throw new PortException(mtu < LinkLimits.MtuBytesMin
            ? $"interface '{config.Interface}' carries {mtu} bytes in a frame, and a link needs {LinkLimits.MtuBytesMin}: "
                + $"`ip link set {config.Interface} mtu 1500`, or name another interface"
            : $"mtu = {config.MtuBytes} is more than the {mtu} bytes that interface '{config.Interface}' carries: "
                + $"lower it, or `ip link set {config.Interface} mtu {config.MtuBytes}`");
    }

    /// <summary>The most that links may use: as configured, else what the port carries. What the path carries they find themselves.</summary>
    public static int MtuOf(PortConfig config, INetworkPort port) => config.MtuBytes > 0 ? config.MtuBytes : port.MtuBytes;
}
