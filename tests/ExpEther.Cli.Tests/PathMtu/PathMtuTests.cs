using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ExpEther.Cli.Tests.Lab;

namespace ExpEther.Cli.Tests.PathMtu;

/// <summary>Links over real cables that carry less than the ports at their ends.</summary>
[Collection("demo")]
public class PathMtuTests
{
    [Theory]
    [InlineData(false, 1400, 1334, 1024)]
    [InlineData(false, 1280, 1214, 1024)]
    [InlineData(true, 1280, 1214, 1024)]
    [InlineData(false, 1100, 1024, 512)]
    public async Task Over_a_router_whose_other_cable_is_narrower(bool isIPv6, int farMtuBytes, int found, int payload)
    {
        Namespaces.SkipWhenMissing();
        await using var lab = await CableLab.OverRouterAsync(isIPv6, farMtuBytes);
        await AssertFoundAndUsedAsync(lab, found, payload);
    }

    [Fact]
    public async Task Jumbo_frames_at_the_ends_and_a_switch_without_them() => await OverSwitchAsync(9000, 1500, 1500, 1024);

    [Fact]
    public async Task Jumbo_frames_everywhere() => await OverSwitchAsync(9000, 9000, 9000, 4096);

    private static async Task OverSwitchAsync(int mtuBytes, int switchMtuBytes, int found, int payload)
    {
        Namespaces.SkipWhenMissing();
        await using var lab = await CableLab.OverSwitchAsync(mtuBytes: mtuBytes, switchMtuBytes: switchMtuBytes);
        await AssertFoundAndUsedAsync(lab, found, payload);
    }

    private static async Task AssertFoundAndUsedAsync(CableLab lab, int found, int payload)
    {
        await lab.AttachAsync();
        Assert.Equal((found, payload), Sizes(CableLab.LinkOfBox(await lab.UntilAsync(lab.Io, "ls", _ => true))));
        Assert.Equal((found, payload), Sizes(CableLab.Link(await lab.UntilAsync(lab.Host, "ls", _ => true))));
        Assert.Contains($"frames of up to {found} bytes", lab.Log("io"), StringComparison.Ordinal);
        foreach (var socket in new[] { lab.Io, lab.Host })
        {
            Assert.Matches($"up +{found} +{payload}", (await Expether.RunAsync("ls", "--socket", socket)).Output);
        }

        var file = lab.Write("data", RandomNumberGenerator.GetBytes(4 << 20));
        Assert.Equal(0, (await Expether.RunAsync("nvme", "write", "disk1", "--input", file, "--socket", lab.Host)).Code);
        Assert.Equal(0, (await Expether.RunAsync("nvme", "verify", "disk1", "--against", file, "--socket", lab.Host)).Code);
        Assert.Equal(0, (await lab.UntilAsync(lab.Io, "stats", _ => true))["links"]![0]!["pathShrinks"]!.GetValue<long>());
    }

    private static (int Mtu, int Payload) Sizes(JsonObject link) => (link["mtuBytes"]!.GetValue<int>(), link["maxPayloadBytes"]!.GetValue<int>());
}
