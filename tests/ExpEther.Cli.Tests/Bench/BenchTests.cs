using System.Text.Json.Nodes;
using ExpEther.Cli.Tests.Lab;

namespace ExpEther.Cli.Tests.Bench;

/// <summary>That benches run and tell what they promise. How fast anything is depends on the machine, so no test says.</summary>
public class BenchTests
{
    [Theory]
    [InlineData("echo", "µs")]
    [InlineData("mmio", "µs")]
    [InlineData("nvme-qd1", "µs")]
    [InlineData("nvme-qd32", "IOPS")]
    [InlineData("dma-bulk", "MB/s")]
    [InlineData("capture", "IOPS")]
    public async Task A_bench_compares_ours_with_its_reference(string name, string unit)
    {
        var run = await Expether.RunAsync("bench", name, "--pairs", "1", "--milliseconds", "100", "--json");

        Assert.True(run.Code == 0, run.Error);
        var json = run.Json;
        Assert.SkipWhen(json["skipped"] is not null, $"{json["skipped"]}");
        Assert.Equal(name, json["name"]!.GetValue<string>());
        Assert.Equal(unit, json["unit"]!.GetValue<string>());
        Assert.Equal(1, json["n"]!.GetValue<int>());
        Assert.True(Number(json, "ours") > 0 && Number(json, "reference") > 0, run.Output);
        Assert.True(name == "capture" || Number(json["sealed"]!, "ours") > 0, run.Output);
        Assert.Equal(Number(json, "ours") / Number(json, "reference"), Number(json, "ratio"), 0.01);
        var goal = json["goal"]!.GetValue<string>();
        var bound = double.Parse(goal[3..], System.Globalization.CultureInfo.InvariantCulture);
        var isMet = goal.StartsWith("<=", StringComparison.Ordinal) ? Number(json, "ratio") <= bound : Number(json, "ratio") >= bound;
        Assert.Equal(isMet, json["met"]!.GetValue<bool>());
        Assert.NotNull(json["cpuOurs"]);
        Assert.NotNull(json["cpuReference"]);
    }

    [Fact]
    public async Task A_bench_that_is_none_is_told_with_those_there_are()
    {
        var run = await Expether.RunAsync("bench", "warp");

        Assert.Equal(2, run.Code);
        Assert.Contains("nvme-qd32", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_length_out_of_bounds_is_told_with_the_bounds()
    {
        var run = await Expether.RunAsync("bench", "echo", "--pairs", "0");

        Assert.Equal(2, run.Code);
        Assert.Contains("--pairs takes 1 to 100", run.Error, StringComparison.Ordinal);
    }

    private static double Number(JsonNode json, string name) => json[name]!.GetValue<double>();
}
