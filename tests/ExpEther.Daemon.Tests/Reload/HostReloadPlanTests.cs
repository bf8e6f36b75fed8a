using ExpEther.Daemon.Config;
using ExpEther.Daemon.Reload;
using ExpEther.Link.Ethernet;

namespace ExpEther.Daemon.Tests.Reload;

public class HostReloadPlanTests
{
    private static readonly HostConfig Base = new()
    {
        Name = "host1", Port = new PortConfig { Kind = PortKind.Udp }, Link = new LinkConfig(), File = "host.toml",
        Hosts = [Host("host1", 101), Host("host2", 102)],
    };

    [Fact]
    public void Hosts_come_and_go_and_those_that_stay_take_other_times_and_another_key()
    {
        var after = Base with
        {
            Name = "host2",
            Hosts = [Host("host2", 102) with { Key = new byte[32], AttentionDelay = TimeSpan.FromMilliseconds(7) }, Host("host3", 103)],
        };

        var plan = HostReloadPlan.Between(Base, after);

        Assert.Empty(plan.Fixed);
        Assert.Equal(["host1"], plan.Removed.Select(h => h.Name));
        Assert.Equal(["host3"], plan.Added.Select(h => h.Name));
        Assert.Equal(["host2"], plan.Kept.Select(h => h.Name));
        Assert.Equal(
            ["host.host1: removed, was VLAN 101, 02:00:00:00:01:65", "host.host2.attentionDelayMs: 5000 -> 7", "host.host2.key: changed",
                "host.host3: added, VLAN 103, 02:00:00:00:01:67"],
            plan.Changes.Select(c => c.ToString()).Order(StringComparer.Ordinal));
        Assert.Equal("host1", plan.After.Name);
    }

    [Fact]
    public void Slots_and_memory_and_a_name_that_is_written_need_a_start()
    {
        var after = Base with
        {
            Name = "other", IsNamed = true, StateDirectory = "/elsewhere",
            Hosts =
            [
                Host("host1", 101) with { Slots = 5 },
                Host("host2", 102) with { Embedded = new EmbeddedConfig { MemoryBytes = 128 << 20, MemoryBase = 1 << 20 } },
            ],
        };

        Assert.Equal(
            ["host.host1.slots", "host.host2.embedded.memoryBase", "host.host2.embedded.memoryMiB", "name", "stateDirectory"],
            HostReloadPlan.Between(Base, after).Fixed.Select(c => c.Key).Order(StringComparer.Ordinal));
    }

    private static HostBridgeConfig Host(string name, ushort vlan) => new()
    {
        Name = name, Vlan = new VlanId(vlan), Mac = new MacAddress(0x02_00_00_00_01_00UL + vlan), Key = [.. Enumerable.Repeat((byte)1, 32)],
    };
}
