using System.Diagnostics;
using System.Xml.Linq;
using ExpEther.Cli.Wiring;
using ExpEther.Cli.Tests.Lab;
using ExpEther.Daemon.Config;

namespace ExpEther.Cli.Tests;

public class ExampleTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_examples_start_two_machines_as_copied()
    {
        Namespaces.SkipWhenMissing();
        using var folder = new LabFolder();
        var examples = Path.Combine(RepositoryFolder.Root, "examples");
        var io = folder.Write(
            "io.toml", $"stateDirectory = \"{folder.File("state")}\"\n" + await File.ReadAllTextAsync(Path.Combine(examples, "io.toml"), Cancel));
        var host = folder.Write(
            "host.toml", $"stateDirectory = \"{folder.File("state")}\"\n" + await File.ReadAllTextAsync(Path.Combine(examples, "host.toml"), Cancel));

        using var box = Machine("io", io, folder);
        using var user = Machine("host", host, folder);
        await box.HereAsync(Cancel);
        await user.HereAsync(Cancel);
        await LabProcess.RunAsync(
            ["ip", "link", "add", "eth0", "netns", $"{box.Id}", "type", "veth", "peer", "name", "eth0", "netns", $"{user.Id}"], "", Cancel);
        await box.GoAsync(Cancel);
        await user.GoAsync(Cancel);
        await box.ReadyAsync(Cancel);
        await user.ReadyAsync(Cancel);
        using var client = await Daemon.Control.ControlClient.ConnectAsync(folder.File("io.sock"), Cancel);
        while ((await client.CallAsync("ls", cancel: Cancel))["hosts"]![0]!["link"]!.GetValue<string>() != "up")
        {
            Assert.False(box.HasEnded || user.HasEnded);
        }

        var attached = await Expether.RunAsync("attach", "disk1", "host1", "--socket", folder.File("io.sock"));
        var id = await Expether.RunAsync("nvme", "id", "disk1", "--socket", folder.File("host.sock"), "--json");

        Assert.Equal((0, 0), (attached.Code, id.Code));
        Assert.Equal("EXAMPLE-1", id.Json["serial"]!.GetValue<string>());
    }

    [Fact]
    public async Task The_libvirt_domain_is_valid_and_its_ports_are_those_of_the_configuration()
    {
        var file = Path.Combine(RepositoryFolder.Root, "examples", "guests", "vm1.xml");
        var config = HostConfig.Load(Path.Combine(RepositoryFolder.Root, "examples", "guests", "vm1.toml"));
        var domain = XDocument.Load(file);

        var aliases = domain.Descendants("controller").Where(c => (string?)c.Attribute("model") == "pcie-switch-downstream-port")
            .Select(c => (string?)c.Element("alias")?.Attribute("name"));
        Assert.Equal(Assert.Single(config.Hosts).Qemu!.Ports, aliases);
        Assert.Contains(
            domain.Descendants().Attributes("value"), v => v.Value.Contains($"path={config.Hosts[0].Qemu!.Sockets}/qmp.sock", StringComparison.Ordinal));
        await ToolAsync("virt-xml-validate", "libvirt-clients", file);
    }

    [Fact]
    public async Task The_unit_is_one_that_systemd_takes()
    {
        using var folder = new LabFolder();
        var unit = (await File.ReadAllTextAsync(Path.Combine(RepositoryFolder.Root, "examples", "guests", "expether-host@.service"), Cancel))
            .Replace("/usr/local/bin/expether", "/bin/true", StringComparison.Ordinal);

        await ToolAsync("systemd-analyze", "systemd", "verify", folder.Write("expether-host@.service", unit));
    }

    private static async Task ToolAsync(string tool, string package, params string[] arguments)
    {
        var start = new ProcessStartInfo(tool, arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip($"{tool} (Debian package {package}) is not here");
            return;
        }

        using (process)
        {
            var said = await process.StandardError.ReadToEndAsync(Cancel);
            await process.WaitForExitAsync(Cancel);
            Assert.True(process.ExitCode == 0, said);
        }
    }

    private static LabProcess Machine(string kind, string config, LabFolder folder) => LabProcess.Start(
        kind, ["unshare", "-n", "--"], "ip link set eth0 up || exit 71;",
        [.. Expether.Command, kind, "--config", config, "--socket", folder.File($"{kind}.sock"), "--exit-with-stdin"], Path.GetDirectoryName(config)!);
}
