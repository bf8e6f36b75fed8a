using ExpEther.Link.Ethernet;

namespace ExpEther.Daemon.Config;

/// <summary>A <c>[[host]]</c> of an I/O box: a host it may serve.</summary>
public sealed record KnownHostConfig(string Name, VlanId Vlan, MacAddress Mac, byte[] Key)
{
    internal static KnownHostConfig Read(ConfigSection section, bool isSealed)
    {
        var name = section.Name("name");
        var vlan = VlanConfig.Read(section);
        return new KnownHostConfig(name, vlan, MacConfig.Read(section, MacConfig.OfHost(name, vlan)), KeyMaterial.Read(section, isSealed));
    }
}
