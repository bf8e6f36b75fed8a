using ExpEther.Cli.Tests.Lab;

namespace ExpEther.Cli.Tests;

public class CommandLineTests
{
    [Theory]
    [InlineData("demo")]
    [InlineData("io")]
    [InlineData("host")]
    [InlineData("switch")]
    [InlineData("ls")]
    [InlineData("attach")]
    [InlineData("detach")]
    [InlineData("move")]
    [InlineData("namespace")]
    [InlineData("stats")]
    [InlineData("top")]
    [InlineData("tree")]
    [InlineData("nvme")]
    [InlineData("keygen")]
    [InlineData("capture")]
    [InlineData("tlp")]
    [InlineData("sim")]
    [InlineData("lab")]
    public async Task Every_command_has_help_with_an_example(string command)
    {
        var all = await Expether.RunAsync("--help");
        var one = await Expether.RunAsync(command, "--help");

        Assert.Equal((0, 0), (all.Code, one.Code));
        Assert.Contains($"  {command}", all.Output, StringComparison.Ordinal);
        Assert.Contains("Examples:", one.Output, StringComparison.Ordinal);
        Assert.Contains($"expether {command}", one.Output[one.Output.IndexOf("Examples:", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("attach", "disk1")]
    [InlineData("io")]
    [InlineData("ls", "--no-such-option")]
    [InlineData("switch")]
    [InlineData("switch", "--port", "io")]
    [InlineData("demo", "--transport", "pigeon")]
    [InlineData("demo", "--disk", "/nowhere/image")]
    [InlineData("nvme", "read", "--bytes", "many")]
    [InlineData("nvme", "verify", "--sha256", "abc")]
    [InlineData("nvme", "read", "--json")]
    [InlineData("nvme", "trim", "disk1")]
    [InlineData("nvme", "trim", "disk1", "--all", "--lba", "0")]
    [InlineData("capture")]
    [InlineData("capture", "--output", "x", "--files", "0")]
    [InlineData("tlp", "decode", "0g")]
    [InlineData("tlp", "swap", "/dev/null")]
    [InlineData("namespace", "create", "disk1", "much", "host1")]
    [InlineData("demo", "--capture", "/nowhere/file")]
    [InlineData("lab")]
    [InlineData("lab", "exec", "guest1")]
    [InlineData("lab", "up", "--accel", "magic")]
    [InlineData("lab", "up", "--guests", "0", "--dir", "/tmp/expether-none")]
    [InlineData("lab", "up", "--guests", "9", "--dir", "/tmp/expether-none")]
    [InlineData("lab", "up", "--memory", "16", "--dir", "/tmp/expether-none")]
    [InlineData("lab", "up", "--mtu", "1000", "--dir", "/tmp/expether-none")]
    [InlineData("lab", "up", "--guests", "3", "--vfs", "2", "--dir", "/tmp/expether-none")]
    [InlineData("lab", "up", "--dir", "/proc/expether")]
    [InlineData("lab", "fault", "guest1", "--kill", "cat")]
    public async Task A_wrong_command_line_exits_2_and_says_what_is_wrong(params string[] arguments)
    {
        var run = await Expether.RunAsync(arguments);

        Assert.Equal(2, run.Code);
        Assert.StartsWith("expether: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mistake_in_a_configuration_exits_2_with_file_line_and_key()
    {
        using var lab = new LabFolder();
        var file = lab.Write("io.toml", "name = \"x\"\n[prt]\nkind = \"udp\"\n");

        var text = await Expether.RunAsync("io", "--config", file);
        var json = await Expether.RunAsync("io", "--config", file, "--json");

        Assert.Equal((2, 2), (text.Code, json.Code));
        Assert.Contains($"{file}:2: key 'prt': ", text.Error, StringComparison.Ordinal);
        Assert.Contains("did you mean 'port'?", text.Error, StringComparison.Ordinal);
        Assert.Equal(2, json.Json["error"]!["mistakes"]!.AsArray().First(m => m!["key"]!.GetValue<string>() == "prt")!["line"]!.GetValue<int>());
    }

    [Fact]
    public async Task Without_a_daemon_a_command_exits_3_and_says_what_to_do()
    {
        using var lab = new LabFolder();

        var run = await Expether.RunAsync("ls", "--socket", lab.File("none.sock"), "--json");

        Assert.Equal(3, run.Code);
        Assert.Contains("start the daemon", run.Error, StringComparison.Ordinal);
        Assert.Equal("not-reachable", run.Json["error"]!["code"]!.GetValue<string>());
    }

    [Fact]
    public async Task An_interface_that_does_not_exist_exits_4_and_names_those_that_do()
    {
        using var lab = new LabFolder();
        var file = lab.Write("host.toml", "[port]\ninterface = \"nosuch0\"\n[link]\nseal = \"off\"\n[[host]]\nname = \"h\"\nvlan = 1\n");

        var run = await Expether.RunAsync("host", "--config", file, "--socket", lab.File("h.sock"));

        Assert.Equal(4, run.Code);
        Assert.Contains("nosuch0", run.Error, StringComparison.Ordinal);
        Assert.Contains("lo", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(lab.File("h.sock")));
    }

    [Fact]
    public async Task Without_arguments_the_help_is_shown()
    {
        var run = await Expether.RunAsync();

        Assert.Equal(0, run.Code);
        Assert.Contains("Examples:", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nvme", "read", "--json")]
    [InlineData("sim", "--seeds", "9..1", "--json")]
    public async Task A_wrong_argument_is_one_JSON_object_too(params string[] arguments)
    {
        var run = await Expether.RunAsync(arguments);

        Assert.Equal(2, run.Code);
        Assert.Equal("bad-argument", run.Json["error"]!["code"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_UDP_port_in_use_exits_4_and_says_so()
    {
        using var lab = new LabFolder();
        using var other = new System.Net.Sockets.UdpClient(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        var file = lab.Write(
            "host.toml",
            $"[port]\nkind = \"udp\"\nlisten = \"{other.Client.LocalEndPoint}\"\n[link]\nseal = \"off\"\n[[host]]\nname = \"h\"\nvlan = 1\n");

        var run = await Expether.RunAsync("host", "--config", file, "--socket", lab.File("h.sock"));

        Assert.Equal(4, run.Code);
        Assert.Contains("Address already in use", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_are_32_bytes_in_hexadecimal_and_never_the_same()
    {
        var one = await Expether.RunAsync("keygen");
        var two = await Expether.RunAsync("keygen", "--json");

        Assert.Matches("^[0-9a-f]{64}\n$", one.Output);
        Assert.NotEqual(one.Output.Trim(), two.Json["key"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_key_goes_to_a_new_file_that_only_its_owner_may_use()
    {
        using var lab = new LabFolder();
        var file = lab.File("host1.key");

        var made = await Expether.RunAsync("keygen", file);
        var key = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        var again = await Expether.RunAsync("keygen", file, "--json");

        Assert.Equal((0, ""), (made.Code, made.Output));
        Assert.Matches("^[0-9a-f]{64}\n$", key);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal((1, "exists"), (again.Code, again.Json["error"]!["code"]!.GetValue<string>()));
        Assert.Equal(key, await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_key_of_a_host_and_a_box_is_made_from_the_hosts_by_the_boxs_name_or_MAC()
    {
        using var lab = new LabFolder();
        var hostKey = lab.File("host1.key");
        await Expether.RunAsync("keygen", hostKey);
        var mac = ExpEther.Daemon.Config.MacConfig.OfBox("io1").ToString();

        var byName = await Expether.RunAsync("keygen", "--host-key", hostKey, "--box", "io1");
        var byMac = await Expether.RunAsync("keygen", "--host-key", hostKey, "--box", mac);
        var other = await Expether.RunAsync("keygen", "--host-key", hostKey, "--box", "io2");
        var half = await Expether.RunAsync("keygen", "--box", "io2", "--json");

        Assert.Matches("^[0-9a-f]{64}\n$", byName.Output);
        Assert.Equal(byName.Output, byMac.Output);
        Assert.NotEqual(byName.Output, other.Output);
        Assert.NotEqual(byName.Output, await File.ReadAllTextAsync(hostKey, TestContext.Current.CancellationToken));
        Assert.Equal((2, "bad-argument"), (half.Code, half.Json["error"]!["code"]!.GetValue<string>()));
    }

    /// <summary>Files that never end, and a key that everybody on the machine can read.</summary>
    [Theory]
    [InlineData("keygen --host-key /dev/zero --box io1", "chmod 600")]
    [InlineData("keygen --host-key /proc/self/mountinfo --box io1", "chmod 600")]
    [InlineData("tlp swap /dev/zero", "is larger than 64 MiB")]
    public async Task What_a_command_reads_whole_is_bounded_and_a_key_is_its_owners(string line, string expected)
    {
        var refused = await Expether.RunAsync(line.Split(' '));

        Assert.Equal(2, refused.Code);
        Assert.Contains(expected, refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_version_is_told() => Assert.Matches(@"^\d+\.\d+\.\d+", (await Expether.RunAsync("--version")).Output);
}
