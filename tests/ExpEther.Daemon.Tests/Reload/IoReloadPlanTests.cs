using System.Net;
using CsCheck;
using ExpEther.Daemon.Config;
using ExpEther.Daemon.Reload;
using ExpEther.Link.Ethernet;

namespace ExpEther.Daemon.Tests.Reload;

public class IoReloadPlanTests
{
    private static readonly IoConfig Base = new()
    {
        Name = "box1", Mac = new MacAddress(0x02_00_00_00_00_01), Port = new PortConfig { Kind = PortKind.Udp }, Link = new LinkConfig(), File = "io.toml",
        ReleaseTimeout = TimeSpan.FromSeconds(60), Hosts = [Host("host1", 101, 1)], Devices = [Device("disk1", "S1")],
    };

    private static readonly Gen<KnownHostConfig> SomeHost = Gen.Select(Gen.Int[1, 5], Gen.Int[101, 103], Gen.Int[1, 4], Gen.Byte[1, 2]).Select(
        (name, vlan, mac, key) => new KnownHostConfig(
            $"host{name}", new VlanId((ushort)vlan), new MacAddress(0x02_00_00_00_01_00 + (ulong)mac), [.. Enumerable.Repeat(key, 32)]));

    private static readonly Gen<NamespaceConfig> SomeNamespace = Gen.Select(Gen.Int[0, 1], Gen.Bool).Select(
        (file, isReadOnly) => file == 0 ? new NamespaceConfig("", 8 << 20, 512, isReadOnly) : new NamespaceConfig($"/disk{file}", 0, 512, isReadOnly));

    private static readonly Gen<DeviceConfig> SomeDevice = Gen.Select(Gen.Int[1, 4], Gen.Int[1, 2], SomeNamespace.Array[1, 2]).Select(
        (name, serial, namespaces) => new DeviceConfig($"disk{name}", $"S{name}-{serial}", "M", namespaces));

    private static readonly Gen<IoConfig> SomeConfig = Gen.Select(
        SomeHost.Array[0, 5], SomeDevice.Array[1, 4], Gen.Int[1, 3], Gen.Int[10, 12], Gen.Int[100, 102], Gen.Int[0, 2]).Select(
        (hosts, devices, dead, silent, release, peers) => Base with
        {
            Hosts = [.. hosts.DistinctBy(h => h.Name).DistinctBy(h => (h.Vlan, h.Mac))],
            Devices = [.. devices.DistinctBy(d => d.Name)],
            Link = new LinkConfig { LinkDead = TimeSpan.FromSeconds(dead), PathSilent = TimeSpan.FromMilliseconds(silent) },
            ReleaseTimeout = TimeSpan.FromMilliseconds(release),
            Port = Base.Port with { Peers = [.. Enumerable.Range(4800, peers).Select(p => new IPEndPoint(IPAddress.Loopback, p))] },
        });

    [Fact]
    public void What_a_plan_says_makes_any_configuration_the_other() => Gen.Select(SomeConfig, SomeConfig).Sample((before, after) =>
    {
        var plan = IoReloadPlan.Between(before, after);
        var hosts = before.Hosts.ToDictionary(h => (h.Vlan, h.Mac));
        var devices = before.Devices.ToDictionary(d => d.Name);
        foreach (var host in plan.HostsRemoved)
        {
            Assert.True(hosts.Remove((host.Vlan, host.Mac)));
        }

        foreach (var host in plan.HostsChanged)
        {
            Assert.True(hosts.ContainsKey((host.Vlan, host.Mac)));
            hosts[(host.Vlan, host.Mac)] = host;
        }

        foreach (var host in plan.HostsAdded)
        {
            hosts.Add((host.Vlan, host.Mac), host);
        }

        plan.DevicesRemoved.ToList().ForEach(d => Assert.True(devices.Remove(d.Name)));
        plan.DevicesAdded.ToList().ForEach(d => devices.Add(d.Name, d));
        foreach (var change in plan.ReadOnlyChanges)
        {
            var device = devices[change.Device];
            devices[change.Device] = device with
            {
                Namespaces = [.. device.Namespaces.Select((n, i) => i + 1 == change.Namespace ? n with { IsReadOnly = change.IsReadOnly } : n)],
            };
        }

        Assert.Empty(plan.Fixed);
        Assert.Equal(after.Hosts.Select(Words).Order(), hosts.Values.Select(Words).Order());
        Assert.Equal(after.Devices.Select(Words).Order(), devices.Values.Select(Words).Order());

        // Whatever is to be done is told, and nothing that is not: a plan between equal ones is empty.
        var isSame = plan.HostsAdded.Count + plan.HostsRemoved.Count + plan.HostsChanged.Count + plan.DevicesAdded.Count + plan.DevicesRemoved.Count
            + plan.ReadOnlyChanges.Count == 0;
        var others = plan.Changes.Count(c => c.Key is "link.linkDeadSeconds" or "link.pathSilentMs" or "releaseTimeoutMs" or "port.peers");
        Assert.Equal(isSame, plan.Changes.Count == others);
        Assert.Empty(IoReloadPlan.Between(after, after).Changes);
    }, iter: 2000);

    [Fact]
    public void Order_in_the_file_means_nothing()
    {
        var two = Base with { Hosts = [Host("host1", 101, 1), Host("host2", 102, 1)], Devices = [Device("disk1", "S1"), Device("disk2", "S2")] };
        var turned = two with { Hosts = [.. two.Hosts.Reverse()], Devices = [.. two.Devices.Reverse()] };

        Assert.Empty(IoReloadPlan.Between(two, turned).Changes);
    }

    [Fact]
    public void Changes_are_told_by_path_and_value_and_a_key_without_its_value()
    {
        var after = Base with
        {
            Link = new LinkConfig { LinkDead = TimeSpan.FromSeconds(30) },
            ReleaseTimeout = TimeSpan.FromSeconds(2),
            Hosts = [Host("host1", 101, 2), Host("host2", 102, 1)],
            Devices = [Device("disk1", "S1", isReadOnly: true), Device("disk2", "S2")],
        };

        var plan = IoReloadPlan.Between(Base, after);

        Assert.Equal(
            [
                "device.disk1.namespace.1.readOnly: false -> true", "device.disk2: added, 8 MiB of memory in blocks of 512",
                "host.host1.key: changed", "host.host2: added, VLAN 102, 02:00:00:00:01:66", "link.linkDeadSeconds: 20 -> 30",
                "releaseTimeoutMs: 60000 -> 2000",
            ],
            plan.Changes.Select(c => c.ToString()).Order(StringComparer.Ordinal));
        Assert.Equal([new ReadOnlyChange("disk1", 1, true)], plan.ReadOnlyChanges);
    }

    [Fact]
    public void A_host_of_another_vlan_is_another_host_and_is_told_by_the_key_that_differs()
    {
        var plan = IoReloadPlan.Between(Base, Base with { Hosts = [Base.Hosts[0] with { Vlan = new VlanId(103) }] });

        Assert.Equal("host.host1.vlan: 101 -> 103", Assert.Single(plan.Changes).ToString());
        Assert.Single(plan.HostsAdded);
        Assert.Single(plan.HostsRemoved);
    }

    [Fact]
    public void What_only_a_start_can_change_is_named()
    {
        var after = Base with
        {
            Name = "box2", Mac = new MacAddress(0x02_00_00_00_00_02), Socket = "/a.sock", StateDirectory = "/state",
            Port = Base.Port with
            {
                Kind = PortKind.Packet, Interface = "eth1", EtherType = 0x88B6, MtuBytes = 9000, Listen = new IPEndPoint(IPAddress.Loopback, 1),
            },
            Link = new LinkConfig { Sealed = false },
        };

        Assert.Equal(
            ["link.seal", "mac", "name", "port.etherType", "port.interface", "port.kind", "port.listen", "port.mtu", "socket", "stateDirectory"],
            IoReloadPlan.Between(Base, after).Fixed.Select(c => c.Key).Order(StringComparer.Ordinal));
    }

    private static KnownHostConfig Host(string name, ushort vlan, byte key) => new(
        name, new VlanId(vlan), new MacAddress(0x02_00_00_00_01_00UL + vlan), [.. Enumerable.Repeat(key, 32)]);

    private static DeviceConfig Device(string name, string serial, bool isReadOnly = false) =>
        new(name, serial, "M", [new NamespaceConfig("", 8 << 20, 512, isReadOnly)]);

    private static string Words(KnownHostConfig host) => $"{host.Name} {host.Vlan} {host.Mac} {host.Key[0]}";

    private static string Words(DeviceConfig device) => $"{device.Name} {device.Serial} {string.Join(',', device.Namespaces)}";
}
