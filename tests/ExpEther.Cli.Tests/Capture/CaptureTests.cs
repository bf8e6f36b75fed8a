using System.Globalization;
using ExpEther.Cli.Tests.Lab;

namespace ExpEther.Cli.Tests.Capture;

public class CaptureTests
{
    [Fact]
    public async Task Both_sides_of_the_swap_show_the_same_TLPs_with_their_own_addresses()
    {
        Tshark.SkipWhenMissing();
        await using var machine = await OneMachine.StartAsync();
        var file = machine.Folder.File("run.pcapng");
        using var capture = Expether.Start("capture", "--socket", machine.Io, "--output", file, "--json");
        await capture.SeeAsync("capturing");
        Assert.Equal(0, (await Expether.RunAsync("attach", "disk1", "host1", "--socket", machine.Io)).Code);
        await machine.UntilAsync(machine.Host, "ls", host => host["hosts"]![0]!["slots"]![0]!["disk"] is not null);
        Assert.Equal(0, (await Expether.RunAsync("nvme", "verify", "disk1", "--bytes", "64KiB", "--socket", machine.Host)).Code);
        var box = await machine.UntilAsync(machine.Io, "ls", _ => true);
        capture.Signal("TERM");
        var ended = await capture.EndAsync();

        Assert.Equal(0, ended.Code);
        Assert.All(ended.Json["dropped"]!.AsObject(), drop => Assert.Equal(0, drop.Value!.GetValue<long>()));
        var tlps = (await Tshark.ReadAsync(
                file, "-Y", "expether_tap", "-T", "fields",
                "-e", "expether_tap.point", "-e", "expether_tap.direction", "-e", "pcietlp.name", "-e", "pcietlp.address"))
            .Select(line => line.Split('\t')).ToList();

        // Reads from the host to a BAR: as many on either side, at Mem_H here and Mem_IO there, with the same distances.
        ulong[] Reads(string side) => [.. tlps
            .Where(t => t[0] == side && t[1] == "0" && t[2] == "MRd")
            .Select(t => ulong.Parse(t[3][2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture))];
        var function = box["functions"]![0]!;
        ulong Address(string name) =>
            ulong.Parse(function[name]!.GetValue<string>().Replace("0x", "", StringComparison.Ordinal), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        var (memH, memIo) = (Address("memH"), Address("memIo"));
        Assert.NotEqual(memH, memIo);
        Assert.NotEmpty(Reads("1"));
        Assert.Equal(Reads("1").Select(a => a - memH), Reads("2").Select(a => a - memIo));

        // A device's reads of host memory: the same addresses on both sides.
        int Count(string side, string direction, string name) => tlps.Count(t => t[0] == side && t[1] == direction && t[2] == name);
        Assert.True(Count("1", "1", "MRd") > 0);
        Assert.Equal(Count("2", "1", "MRd"), Count("1", "1", "MRd"));

        // Frames are sealed here, and say so.
        Assert.NotEmpty(await Tshark.ReadAsync(file, "-Y", "expether.issealed && frame.interface_id == 0"));
        Assert.Empty(await Tshark.ReadAsync(file, "-Y", "pcietlp.unexpected || pcietlp.short || pcietlp.tagreused"));
    }

    [Fact]
    public async Task A_filter_keeps_one_kind_and_files_rotate_within_their_bounds()
    {
        await using var machine = await OneMachine.StartAsync();
        Assert.Equal(0, (await Expether.RunAsync("attach", "disk1", "host1", "--socket", machine.Io)).Code);
        await machine.UntilAsync(machine.Host, "ls", host => host["hosts"]![0]!["slots"]![0]!["disk"] is not null);
        using var capture = Expether.Start(
            "capture", "--socket", machine.Io, "--output", machine.Folder.File("r.pcapng"), "--kind", "mwr", "--interfaces", "device",
            "--max-mib", "1", "--files", "2", "--json");
        await capture.SeeAsync("capturing");
        Assert.Equal(0, (await Expether.RunAsync("nvme", "verify", "disk1", "--socket", machine.Host)).Code);
        capture.Signal("TERM");
        var ended = await capture.EndAsync();

        var files = ended.Json["files"]!.AsArray().Select(f => f!.GetValue<string>()).ToList();
        Assert.Equal(2, files.Count);
        Assert.All(files, f => Assert.InRange(new FileInfo(f).Length, 1, 1 << 20));
        Assert.Equal(0, ended.Json["captured"]!["frames"]!.GetValue<long>());
        Assert.True(ended.Json["captured"]!["deviceSide"]!.GetValue<long>() > 2000);
        Tshark.SkipWhenMissing();
        Assert.All(files, f => Assert.Equal(["MWr"], Tshark.ReadAsync(f, "-T", "fields", "-e", "pcietlp.name").Result.Distinct()));
    }

    [Fact]
    public async Task What_cannot_be_captured_is_refused_with_what_there_is()
    {
        await using var machine = await OneMachine.StartAsync();

        var function = await Expether.RunAsync("capture", "--socket", machine.Io, "--output", machine.Folder.File("x"), "--function", "disk9", "--json");
        var kind = await Expether.RunAsync("capture", "--socket", machine.Io, "--output", machine.Folder.File("x"), "--kind", "nonsense", "--json");

        Assert.Equal((1, "no-such-function"), (function.Code, function.Json["error"]!["code"]!.GetValue<string>()));
        Assert.Contains("disk1", function.Error, StringComparison.Ordinal);
        Assert.Equal(2, kind.Code);
    }
}
