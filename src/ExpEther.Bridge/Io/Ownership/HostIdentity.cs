using ExpEther.Link.Ethernet;

namespace ExpEther.Bridge.Io.Ownership;

/// <summary>Who a host is, whatever it is called.</summary>
public readonly record struct HostIdentity(VlanId Vlan, MacAddress Mac);
