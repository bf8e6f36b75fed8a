using ExpEther.Core.Time;
using ExpEther.Link.Ethernet;

namespace ExpEther.Bridge.Io.Status;

/// <summary>A host bridge that announces itself and is not configured here. Its word is not trusted.</summary>
public sealed record DiscoveredHost(string Name, VlanId Vlan, MacAddress Mac, Instant LastHeard);
