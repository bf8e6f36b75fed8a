using ExpEther.Link.Ethernet;

namespace ExpEther.Ethernet.Tests.Lab;

/// <summary>A received frame, copied.</summary>
internal sealed record TestFrame(MacAddress Destination, MacAddress Source, VlanId Vlan, byte[] Payload);
