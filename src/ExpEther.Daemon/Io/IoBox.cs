using ExpEther.Bridge.Io;
using ExpEther.Daemon.Config;
using ExpEther.Daemon.Loop;
using ExpEther.Ethernet.Ports;

namespace ExpEther.Daemon.Io;

/// <summary>The parts of a running I/O box that a reload changes, and the configuration they have now.</summary>
internal sealed class IoBox(IoConfig config, IoBridge bridge, DeviceSet devices, INetworkPort port, OwnerLoop loop)
{
    public IoConfig Config { get; set; } = config;

    public IoBridge Bridge { get; } = bridge;

    public DeviceSet Devices { get; } = devices;

    public INetworkPort Port { get; } = port;

    public OwnerLoop Loop { get; } = loop;

    public static IoHostOptions OptionsOf(KnownHostConfig host) => new()
    {
        Name = host.Name, Vlan = host.Vlan, Mac = host.Mac, Key = host.Key, IsPairKey = host.IsPairKey,
    };
}
