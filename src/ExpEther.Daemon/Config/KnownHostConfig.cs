using ExpEther.Link.Ethernet;

namespace ExpEther.Daemon.Config;

/// <summary>A <c>[[host]]</c> of an I/O box: a host it may serve.</summary>
/// <param name="Name">For people.</param>
/// <param name="Vlan">Half of its identity.</param>
/// <param name="Mac">The other half.</param>
/// <param name="Key">32 bytes; empty where links are unsealed.</param>
/// <param name="IsPairKey">The key is that of this host and this box (<c>pairKey</c>), not the host's own (<c>key</c>).</param>
public sealed record KnownHostConfig(string Name, VlanId Vlan, MacAddress Mac, byte[] Key, bool IsPairKey = false)
{
    internal static KnownHostConfig Read(ConfigSection section, bool isSealed)
    {
        var name = section.Name("name");
        var vlan = VlanConfig.Read(section);
        var key = KeyMaterial.ReadOfPair(section, isSealed, out var isPairKey);
        return new KnownHostConfig(name, vlan, MacConfig.Read(section, MacConfig.OfHost(name, vlan)), key, isPairKey);
    }
}
