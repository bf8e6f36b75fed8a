using System.Diagnostics;
using ExpEther.Cli.Tests.Lab;

namespace ExpEther.Cli.Tests;

/// <summary>Daemons on every kind of interface a newcomer may name, each in a network namespace of its own.</summary>
public sealed class InterfaceTests
{
    private const string Config = """
        name = "box1"
        [port]
        kind = "packet"
        interface = "it"
        [link]
        seal = "off"
        [[host]]
        name = "host1"
        vlan = 101
        [[device]]
        name = "disk1"
        [[device.namespace]]
        ramMiB = 16
        """;

    [Theory]
    [InlineData(68, "carries 68 bytes in a frame, and a link needs")]
    [InlineData(1000, "carries 1000 bytes in a frame, and a link needs")]
    public Task A_box_refuses_an_interface_with_frames_too_short_for_a_link(int mtuBytes, string words) =>
        RefusedAsync(Veth(mtuBytes), words, "io");

    [Theory]
    [InlineData(1279)]
    [InlineData(65535)]
    public Task A_box_works_on_any_longer_frames(int mtuBytes) => ReadyAsync(Veth(mtuBytes), "io");

    [Fact]
    public Task A_box_works_on_the_loopback_interface() => ReadyAsync("ip link set lo name it && ip link set it up", "io");

    [Fact]
    public Task A_switch_works_on_the_loopback_interface() => ReadyAsync("ip link set lo name it && ip link set it up", "switch");

    [Fact]
    public Task A_box_refuses_a_tunnel() => RefusedAsync("ip tuntap add it mode tun && ip link set it up", "carries no Ethernet frames", "io");

    [Fact]
    public Task A_switch_refuses_a_tunnel() => RefusedAsync("ip tuntap add it mode tun && ip link set it up", "carries no Ethernet frames", "switch");

    private static string Veth(int mtuBytes) =>
        $"ip link add it mtu {mtuBytes} type veth peer name peer mtu {mtuBytes} && ip link set it up && ip link set peer up";

    private static async Task ReadyAsync(string setUp, string kind)
    {
        using var folder = new LabFolder();
        using var daemon = Start(setUp, kind, folder);
        var line = await daemon.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        daemon.StandardInput.Close();
        var errors = await daemon.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await daemon.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(line?.StartsWith($"ready: {kind} ", StringComparison.Ordinal), errors);
        Assert.Equal(0, daemon.ExitCode);
    }

    private static async Task RefusedAsync(string setUp, string words, string kind)
    {
        using var folder = new LabFolder();
        using var daemon = Start(setUp, kind, folder);
        var errors = await daemon.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await daemon.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.SkipWhen(errors.Contains("/dev/net/tun", StringComparison.Ordinal), $"no tunnels here: {errors}");
        Assert.Contains(words, errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
        Assert.Equal(4, daemon.ExitCode);
    }

    private static Process Start(string setUp, string kind, LabFolder folder)
    {
        Namespaces.SkipWhenMissing();
        string[] what = kind == "io" ? ["--config", folder.Write("io.toml", Config)] : ["--port", "a,packet=it"];
        string[] command = [.. Expether.Command, kind, .. what, "--socket", folder.File("it.sock"), "--exit-with-stdin"];
        return Process.Start(new ProcessStartInfo("unshare", ["-n", "sh", "-c", $"{setUp} && exec \"$@\"", "-", .. command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
    }
}
