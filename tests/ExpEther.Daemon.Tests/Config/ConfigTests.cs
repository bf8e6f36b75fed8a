using ExpEther.Daemon.Config;
using ExpEther.Daemon.Io;
using ExpEther.Link.Ethernet;
using ExpEther.Link.Sealing;
using ExpEther.Qemu;

namespace ExpEther.Daemon.Tests.Config;

public class ConfigTests
{
    private const string Key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    private const string Io = $"""
        name = "box1"
        [port]
        kind = "udp"
        listen = "127.0.0.1:4790"
        peers = ["127.0.0.1:4791", "[::1]:4792"]
        [link]
        linkDeadSeconds = 12
        [[host]]
        name = "host1"
        vlan = 101
        key = "{Key}"
        [[device]]
        name = "disk1"
        serial = "S1"
        [[device.namespace]]
        ramMiB = 8
        [[device.namespace]]
        ramMiB = 4
        blockBytes = 4096
        readOnly = true
        """;

    [Fact]
    public void A_right_file_gives_what_it_says_and_defaults_for_the_rest()
    {
        var config = IoConfig.Parse("io.toml", Io);

        Assert.Equal("box1", config.Name);
        Assert.Equal(PortKind.Udp, config.Port.Kind);
        Assert.Equal(4790, config.Port.Listen.Port);
        Assert.Equal(["127.0.0.1:4791", "[::1]:4792"], config.Port.Peers.Select(p => p.ToString()));
        Assert.Equal(0x88B5, config.Port.EtherType);
        Assert.True(config.Link.Sealed);
        Assert.Equal(TimeSpan.FromSeconds(12), config.Link.LinkDead);
        Assert.Equal(TimeSpan.FromSeconds(60), config.ReleaseTimeout);
        var host = Assert.Single(config.Hosts);
        Assert.Equal(new VlanId(101), host.Vlan);
        Assert.Equal(32, host.Key.Length);
        Assert.Equal(31, host.Key[31]);
        var device = Assert.Single(config.Devices);
        Assert.Equal("S1", device.Serial);
        Assert.Equal([(8L << 20, 512, false), (4L << 20, 4096, true)], device.Namespaces.Select(n => (n.RamBytes, n.BlockBytes, n.IsReadOnly)));
    }

    [Fact]
    public void A_device_with_virtual_functions_shares_its_namespaces_read_only_unless_they_are_writable_and_has_a_pool()
    {
        var config = IoConfig.Parse("io.toml", Io + """

            [[device]]
            name = "shared"
            vfs = 8
            queuesPerVf = 2
            [[device.namespace]]
            ramMiB = 8
            [[device.namespace]]
            ramMiB = 8
            writable = true
            [device.pool]
            ramMiB = 256
            blockBytes = 4096
            """);

        var device = config.Devices[1];
        Assert.Equal((8, 2), (device.Vfs, device.QueuesPerVf));
        Assert.Equal([true, false], device.Namespaces.Select(n => n.IsReadOnly));
        Assert.Equal(new BackingConfig("", 256L << 20, 4096), device.Pool);
        Assert.Equal((0, null), (config.Devices[0].Vfs, config.Devices[0].Pool));
    }

    [Theory]
    [InlineData("vfs = 65\n[device.pool]\nramMiB = 8", 24, "vfs", "0 to 64")]
    [InlineData("vfs = 1", 22, "namespace", "[device.pool]")]
    [InlineData("[device.pool]\nramMiB = 8", 24, "pool", "add vfs = N")]
    [InlineData("queuesPerVf = 2\n[[device.namespace]]\nramMiB = 8", 24, "queuesPerVf", "add vfs = N")]
    [InlineData("vfs = 1\nreadOnly = true\n[device.pool]\nramMiB = 8", 25, "readOnly", "remove it")]
    [InlineData("vfs = 1\n[[device.namespace]]\nramMiB = 8\nreadOnly = true", 27, "readOnly", "writable = true")]
    [InlineData("[[device.namespace]]\nramMiB = 8\nwritable = true", 26, "writable", "remove it")]
    [InlineData("vfs = 1\n[[device.pool]]\nramMiB = 8", 25, "pool", "write [pool]")]
    [InlineData("vfs = 1\n[device.pool]\nramMiB = 8\n[[device]]\nname = \"disk2.vf7\"\n[[device.namespace]]\nramMiB = 1", 28, "name", "name it otherwise")]
    public void A_mistake_about_sharing_names_line_key_and_remedy(string device, int line, string key, string remedy)
    {
        var error = Assert.Throws<ConfigException>(() => IoConfig.Parse("io.toml", $"{Io}\n\n[[device]]\nname = \"disk2\"\n{device}"));

        var mistake = Assert.Single(error.Errors);
        Assert.Equal((line, key), (mistake.Line, mistake.Key));
        Assert.Contains(remedy, mistake.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_that_gives_no_address_is_found_by_its_name_and_vlan_at_both_ends()
    {
        var box = IoConfig.Parse("io.toml", Io);
        var host = HostConfig.Parse("host.toml", $"""
            [port]
            interface = "eth0"
            [[host]]
            name = "host1"
            vlan = 101
            key = "{Key}"
            """);

        Assert.Equal(host.Hosts[0].Mac, box.Hosts[0].Mac);
        Assert.NotEqual(MacConfig.OfHost("host1", new VlanId(101)), MacConfig.OfHost("host1", new VlanId(102)));
        Assert.NotEqual(box.Mac, box.Hosts[0].Mac);
        Assert.Equal(0x02UL, (box.Mac.Value >> 40) & 0x03); // locally administered, unicast (IEEE 802 §8.2)
    }

    [Theory]
    [InlineData("vlan = 101", "vlan = 4095")]
    [InlineData("kind = \"udp\"", "kind = \"udp\"\nmtu = 10")]
    [InlineData("ramMiB = 8", "ramMiB = 0")]
    public void A_number_without_a_default_of_its_own_names_none(string right, string wrong)
    {
        var error = Assert.Throws<ConfigException>(() => IoConfig.Parse("io.toml", Io.Replace(right, wrong, StringComparison.Ordinal)));

        Assert.DoesNotContain("default", Assert.Single(error.Errors).Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("linkDeadSeconds = 12", "linkDeadSecond = 12", 7, "linkDeadSecond", "did you mean 'linkDeadSeconds'?")]
    [InlineData("linkDeadSeconds = 12", "linkDeadSeconds = 0", 7, "linkDeadSeconds", "1 to 600 seconds, default 20")]
    [InlineData("linkDeadSeconds = 12", "linkDeadSeconds = \"12\"", 7, "linkDeadSeconds", "write an integer")]
    [InlineData("linkDeadSeconds = 12", "seal = \"maybe\"", 7, "seal", "write \"on\" or \"off\"")]
    [InlineData("vlan = 101", "vlan = 4095", 10, "vlan", "1 to 4094")]
    [InlineData("vlan = 101", "mac = \"01:00:5e:00:00:01\"\nvlan = 101", 10, "mac", "six pairs")]
    [InlineData("vlan = 101\n", "", 8, "vlan", "add vlan = N")]
    [InlineData("kind = \"udp\"", "kind = \"upd\"", 3, "kind", "\"packet\" or \"udp\"")]
    [InlineData("listen = \"127.0.0.1:4790\"", "listen = \"127.0.0.1\"", 4, "listen", "192.0.2.1:4790")]
    [InlineData("ramMiB = 8", "ramMiB = 8\nfile = \"/dev/null\"", 16, "ramMiB", "keep one")]
    [InlineData("ramMiB = 8", "file = \"/nowhere/disk.img\"", 16, "file", "truncate -s 1G /nowhere/disk.img")]
    [InlineData("ramMiB = 8", "file = \"/dev/null\"", 16, "file", "name one of these")]
    [InlineData("ramMiB = 8", "file = \"/dev\"", 16, "file", "file or a block device")]
    [InlineData("blockBytes = 4096", "blockBytes = 1024", 19, "blockBytes", "write 512 or 4096")]
    [InlineData("name = \"box1\"", "name = \"box/1\"", 1, "name", "letters, digits")]
    [InlineData("name = \"box1\"", "name = \"box1\"\nname = \"box2\"", 2, "name", "remove one")]
    [InlineData("[[device]]", "[device]", 12, "device", "[[device]]")]
    [InlineData("serial = \"S1\"", "serial = \"a serial number of more than twenty characters\"", 14, "serial", "1 to 20")]
    public void A_mistake_names_file_line_key_and_remedy(string right, string wrong, int line, string key, string remedy)
    {
        var error = Assert.Throws<ConfigException>(() => IoConfig.Parse("/etc/io.toml", Io.Replace(right, wrong, StringComparison.Ordinal)));

        var mistake = Assert.Single(error.Errors, e => e.Line == line && e.Key == key);
        Assert.Contains(remedy, mistake.Remedy, StringComparison.Ordinal);
        Assert.StartsWith($"/etc/io.toml:{line}: key '{key}': ", mistake.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void All_mistakes_are_told_at_once_in_the_order_of_the_file()
    {
        var error = Assert.Throws<ConfigException>(() => IoConfig.Parse("io.toml", """
            nme = "x"
            [port]
            kind = "udp"
            interfaces = 3
            [[host]]
            name = "host1"
            [[device]]
            """));

        Assert.Equal(error.Errors.OrderBy(e => e.Line), error.Errors);
        Assert.Equal(["nme", "interfaces", "vlan", "key", "name", "namespace"], error.Errors.Select(e => e.Key).Distinct());
        Assert.Equal(error.Errors.Count, error.Message.Split('\n').Length);
    }

    [Fact]
    public void What_is_not_toml_is_told_with_its_line() =>
        Assert.Equal(2, Assert.Throws<ConfigException>(() => HostConfig.Parse("host.toml", "name = \"a\"\n[port\nkind = \"udp\"\n")).Errors[0].Line);

    [Fact]
    public void A_missing_file_is_told_like_a_mistake() =>
        Assert.Contains(
            "/nowhere/io.toml:1: cannot be read", Assert.Throws<ConfigException>(() => IoConfig.Load("/nowhere/io.toml")).Message, StringComparison.Ordinal);

    [Fact]
    public void Names_addresses_and_serials_are_unique()
    {
        var error = Assert.Throws<ConfigException>(() => IoConfig.Parse("io.toml", Io + $"""

            [[host]]
            name = "host1"
            vlan = 101
            key = "{Key}"
            [[device]]
            name = "disk2"
            serial = "S1"
            [[device.namespace]]
            ramMiB = 1
            """));

        Assert.Equal(["name", "serial"], error.Errors.Select(e => e.Key));
        Assert.Contains("same as in line 9", error.Errors[0].What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_file_that_others_may_read_is_refused()
    {
        using var scratch = new Scratch();
        var text = Io.Replace($"key = \"{Key}\"", "keyFile = \"host1.key\"", StringComparison.Ordinal);
        var config = scratch.Write("io.toml", text);
        scratch.Write("host1.key", Key + "\n", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);

        var refused = Assert.Throws<ConfigException>(() => IoConfig.Load(config));
        File.SetUnixFileMode(scratch.File("host1.key"), UnixFileMode.UserRead);
        var accepted = IoConfig.Load(config);

        Assert.Contains($"chmod 600 {scratch.File("host1.key")}", refused.Message, StringComparison.Ordinal);
        Assert.Equal(32, accepted.Hosts[0].Key.Length);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_key_in_a_configuration_that_others_may_use_is_refused(UnixFileMode others)
    {
        using var scratch = new Scratch();
        var config = scratch.Write("io.toml", Io, UnixFileMode.UserRead | UnixFileMode.UserWrite | others);

        var refused = Assert.Throws<ConfigException>(() => IoConfig.Load(config));
        File.SetUnixFileMode(config, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var accepted = IoConfig.Load(config);

        Assert.Equal("key", Assert.Single(refused.Errors).Key);
        Assert.Contains($"chmod 600 {config}", refused.Message, StringComparison.Ordinal);
        Assert.Equal(32, accepted.Hosts[0].Key.Length);
    }

    [Fact]
    public void The_key_of_the_examples_is_no_secret_and_may_be_read_by_all()
    {
        using var scratch = new Scratch();
        var config = scratch.Write(
            "io.toml", Io.Replace(Key, KeyMaterial.ExampleHex, StringComparison.Ordinal),
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);

        Assert.True(KeyMaterial.IsExample(IoConfig.Load(config).Hosts[0].Key));
    }

    [Fact]
    public void A_box_needs_the_key_of_the_pair_only()
    {
        var own = IoConfig.Parse("io.toml", Io).Hosts[0];
        var pair = IoConfig.Parse("io.toml", Io.Replace($"key = \"{Key}\"", $"pairKey = \"{Key}\"", StringComparison.Ordinal)).Hosts[0];
        var both = Io.Replace($"key = \"{Key}\"", $"key = \"{Key}\"\npairKey = \"{Key}\"", StringComparison.Ordinal);

        Assert.Equal((false, true), (own.IsPairKey, pair.IsPairKey));
        Assert.Equal(own.Key, pair.Key);
        Assert.Contains(
            "remove it: the box needs no more than pairKey",
            Assert.Throws<ConfigException>(() => IoConfig.Parse("io.toml", both)).Message, StringComparison.Ordinal);

        // With the host's key the box makes the pair's; with the pair's it uses that.
        var box = MacConfig.OfBox("io1");
        Assert.Equal(PairKey.Derive(own.Key, box), IoBox.OptionsOf(own).KeyOfPair(box));
        Assert.Equal(pair.Key, IoBox.OptionsOf(pair).KeyOfPair(box));
    }

    [Fact]
    public void Without_seal_no_key_is_needed()
    {
        var text = Io.Replace($"key = \"{Key}\"", "", StringComparison.Ordinal);

        Assert.Contains("keygen", Assert.Throws<ConfigException>(() => IoConfig.Parse("io.toml", text)).Message, StringComparison.Ordinal);
        Assert.False(IoConfig.Parse("io.toml", text.Replace("linkDeadSeconds = 12", "seal = \"off\"", StringComparison.Ordinal)).Link.Sealed);
    }

    [Fact]
    public void A_guest_says_where_its_QEMU_is_and_has_defaults_for_the_rest()
    {
        var guest = Assert.Single(HostConfig.Parse("host.toml", GuestFile("")).Hosts).Qemu!;
        var told = Assert.Single(HostConfig.Parse(
            "/etc/expether/host.toml",
            GuestFile("""
                sockets = "run"
                qmp = "/run/vm1/qmp"
                ports = ["rp0", "rp1"]
                interrupts = "eventfd"
                migration = "follow"
                owner = "qemu"
                group = "kvm"
                mode = "0660"
                unplugTimeoutMs = 2500
                """)).Hosts).Qemu!;

        Assert.Equal(["expether-port1", "expether-port2"], guest.Ports);
        Assert.Equal((null, null, InterruptMode.Auto), (guest.Sockets, guest.Qmp, guest.Interrupts));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, guest.Mode);
        Assert.Equal((MigrationMode.Stop, MigrationMode.Follow), (guest.Migration, told.Migration));
        Assert.Equal(("/etc/expether/run", "/run/vm1/qmp", InterruptMode.EventFd), (told.Sockets, told.Qmp, told.Interrupts));
        Assert.Equal(["rp0", "rp1"], told.Ports);
        Assert.Equal(("qemu", "kvm", TimeSpan.FromSeconds(2.5)), (told.Owner, told.Group, told.UnplugTimeout));
        Assert.Equal((UnixFileMode)0x1B0, told.Mode);
        Assert.True(guest.HasQmp && told.HasQmp);
        Assert.False(Assert.Single(HostConfig.Parse("host.toml", GuestFile("qmp = \"none\"")).Hosts).Qemu!.HasQmp);
    }

    [Theory]
    [InlineData("ports = [\"rp0\"]", "host.toml:9: key 'ports': has 1 different names for 2 slots")]
    [InlineData("mode = \"9\"", "key 'mode': \"9\" is no file mode")]
    [InlineData("qmp = \"none\"\nmigration = \"follow\"", "key 'migration': needs QEMU's monitor")]
    [InlineData("migration = \"live\"", "key 'migration': \"live\" is not known")]
    [InlineData("interrupts = \"intx\"", "key 'interrupts': \"intx\" is not known")]
    [InlineData("[host.embedded]\nmemoryMiB = 64", "key 'embedded': belongs to an embedded host")]
    public void A_mistake_about_a_guest_is_told(string line, string expected) => Assert.Contains(
        expected, Assert.Throws<ConfigException>(() => HostConfig.Parse("host.toml", GuestFile(line))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_guest_must_be_answered_before_QEMU_gives_up() => Assert.Contains(
        "allowed: 1 to 4000 milliseconds",
        Assert.Throws<ConfigException>(() => HostConfig.Parse("host.toml", GuestFile("").Replace("slots = 2", "slots = 2\ncompletionTimeoutMs = 5000",
            StringComparison.Ordinal))).Message,
        StringComparison.Ordinal);

    [Fact]
    public void The_examples_are_right_as_they_are_and_fit_each_other()
    {
        var examples = Path.Combine(RepositoryFolder.Root, "examples");

        var box = IoConfig.Load(Path.Combine(examples, "io.toml"));
        var host = HostConfig.Load(Path.Combine(examples, "host.toml"));

        var known = Assert.Single(box.Hosts, h => h.Name == host.Hosts[0].Name);
        Assert.Equal((host.Hosts[0].Vlan, host.Hosts[0].Mac), (known.Vlan, known.Mac));
        Assert.Equal(host.Hosts[0].Key, known.Key);
        Assert.Equal(box.Port.EtherType, host.Port.EtherType);
        Assert.Equal(box.Link.Sealed, host.Link.Sealed);
    }

    [Fact]
    public void Every_key_is_in_the_documentation()
    {
        var page = File.ReadAllText(Path.Combine(RepositoryFolder.Root, "docs", "configuration.md"));
        string[] keys =
        [
            "name", "mac", "socket", "stateDirectory", "releaseTimeoutMs", "kind", "interface", "listen", "peers", "etherType", "mtu", "seal",
            "linkDeadSeconds", "pathSilentMs", "vlan", "key", "keyFile", "pairKey",
            "pairKeyFile", "slots", "attentionDelayMs", "completionTimeoutMs", "memoryMiB",
            "memoryBase", "serial", "model", "readOnly", "file", "ramMiB", "blockBytes", "sockets", "qmp", "ports", "interrupts", "owner", "group",
            "migration", "mode", "unplugTimeoutMs",
        ];

        Assert.All(keys, key => Assert.Contains($"| `{key}` |", page, StringComparison.Ordinal));
    }

    private static string GuestFile(string qemu) => $"""
        [port]
        kind = "udp"
        [[host]]
        name = "vm1"
        vlan = 101
        slots = 2
        key = "{Key}"
        [host.qemu]
        {qemu}
        """;
}
