using ExpEther.Link.Ethernet;

namespace ExpEther.Daemon.Config;

internal static class VlanConfig
{
    public static VlanId Read(ConfigSection section)
    {
        if (!section.Has("vlan"))
        {
            _ = section.Number<ushort>("vlan", 1, VlanId.Max, 1, hasDefault: false);
            section.Missing("vlan", $"add vlan = N, 1 to {VlanId.Max}: the number of the host's logical switch");
        }

        return new VlanId(section.Number<ushort>("vlan", 1, VlanId.Max, 1, hasDefault: false));
    }
}
