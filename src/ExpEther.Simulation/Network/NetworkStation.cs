using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;

namespace ExpEther.Simulation.Network;

/// <summary>A place on the network: its cable outlives the process behind it.</summary>
internal abstract class NetworkStation(int number, MacAddress mac)
{
    public const int FrameBytesMax = 9100;

    public int Number { get; } = number;

    public MacAddress Mac { get; } = mac;

    /// <summary>No frame passes its cable.</summary>
    public bool IsCut { get; set; }

    /// <summary>A VLAN it takes part in.</summary>
    public abstract VlanId AnyVlan { get; }

    public abstract void Receive(in ReceivedFrame frame, Instant now);
}
