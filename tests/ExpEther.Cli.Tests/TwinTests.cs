using System.Text.RegularExpressions;
using ExpEther.Cli.Tests.Lab;
using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Tests;

/// <summary>Two I/O boxes of a copied configuration, as processes: of one name and MAC, or with disks of one name and serial number.</summary>
public partial class TwinTests
{
    [Fact]
    public async Task The_box_that_works_goes_on_and_both_ends_name_the_other()
    {
        await using var machine = await OneMachine.StartAsync();
        var attached = await Expether.RunAsync("attach", "disk1", "host1", "--socket", machine.Io);
        Assert.Equal(0, attached.Code);
        var copied = Copy(machine, text => text.Replace("\"state\"", "\"state2\"", StringComparison.Ordinal));
        var socket = machine.Folder.File("second.sock");

        using var second = Expether.Start("io", "--config", copied, "--socket", socket);
        var atHost = await machine.UntilAsync(machine.Host, "ls", host => host["hosts"]![0]!["boxes"]![0]!["trouble"]?.GetValue<string>() == "duplicate");
        var atSecond = await machine.UntilAsync(socket, "ls", box => box["hosts"]![0]!["trouble"]?.GetValue<string>() == "oursIsTaken");
        var text = await Expether.RunAsync("ls", "--socket", machine.Host);
        var first = await Expether.RunAsync("ls", "--socket", machine.Io, "--json");
        var read = await Expether.RunAsync("nvme", "read", "disk1", "--bytes", "4096", "--output", machine.Folder.File("out"), "--socket", machine.Host);
        second.Signal("TERM");
        var ended = await second.EndAsync();

        Assert.Equal("up", atHost["hosts"]![0]!["boxes"]![0]!["link"]!.GetValue<string>());
        Assert.Equal("down", atSecond["hosts"]![0]!["link"]!.GetValue<string>());
        Assert.Contains("give one another name or mac", text.Output, StringComparison.Ordinal);
        Assert.Equal("up", first.Json["hosts"]![0]!["link"]!.GetValue<string>());
        Assert.Equal(0, read.Code);
        Assert.Contains("another station has our identity", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Disks_of_one_name_are_told_apart_and_none_is_written_by_mistake()
    {
        await using var machine = await OneMachine.StartAsync();
        var copied = Copy(machine, text => text.Replace("\"box\"", "\"other\"", StringComparison.Ordinal));
        var socket = machine.Folder.File("second.sock");
        using var second = Expether.Start("io", "--config", copied, "--socket", socket);
        await machine.UntilAsync(socket, "ls", box => box["started"]!.GetValue<bool>() && box["hosts"]![0]!["link"]!.GetValue<string>() == "up");
        Assert.Equal(0, (await Expether.RunAsync("attach", "disk1", "host1", "--socket", machine.Io)).Code);
        Assert.Equal(0, (await Expether.RunAsync("attach", "disk1", "host1", "--socket", socket)).Code);
        var slots = await machine.UntilAsync(machine.Host, "ls", host => host["hosts"]![0]!["slots"]!.AsArray().Count(s => s!["disk"] is not null) == 2);

        var zeroes = machine.Folder.File("zeroes");
        await File.WriteAllBytesAsync(zeroes, new byte[4096], TestContext.Current.CancellationToken);
        var write = await Expether.RunAsync("nvme", "write", "disk1", "--input", zeroes, "--socket", machine.Host);
        var text = await Expether.RunAsync("ls", "--socket", machine.Host);
        var byDriver = await Expether.RunAsync("nvme", "write", "nvme1", "--input", zeroes, "--socket", machine.Host);

        Assert.Equal("nvme1", slots["hosts"]![0]!["slots"]![0]!["twin"]!.GetValue<string>());
        Assert.Equal(1, write.Code);
        Assert.Contains("several disks are named 'disk1'; name one of: nvme0 (disk1 of box box, at host1)", write.Error, StringComparison.Ordinal);
        Assert.Contains("nvme1 (disk1 of box other", write.Error, StringComparison.Ordinal);
        Assert.Contains("has the serial number of nvme0", text.Output, StringComparison.Ordinal);
        Assert.Equal(0, byDriver.Code);
    }

    /// <summary>A copy of the box's configuration, at an address of its own.</summary>
    private static string Copy(OneMachine machine, Func<string, string> change)
    {
        var end = LabWiring.FreeEndPoints(1)[0];
        return machine.WriteIo("", text => ListenLine().Replace(change(text), $"listen = \"{end}\""));
    }

    [GeneratedRegex("listen = \"[^\"]*\"")]
    private static partial Regex ListenLine();
}
