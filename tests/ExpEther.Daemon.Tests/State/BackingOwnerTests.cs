using ExpEther.Backends;
using ExpEther.Core.Stages;
using ExpEther.Daemon.Config;
using ExpEther.Daemon.Io;
using ExpEther.Linux.Time;

namespace ExpEther.Daemon.Tests.State;

/// <summary>A file that is written has one server, whatever it is called and whose configuration names it.</summary>
public class BackingOwnerTests
{
    [Theory]
    [InlineData("pool")]
    [InlineData("namespace")]
    public void A_second_box_does_not_get_a_file_that_one_serves(string place)
    {
        using var scratch = new Scratch();
        var file = Make(scratch);
        using var first = Open(place == "pool" ? Pool(file) : Disk(file));

        foreach (var name in Names(scratch, file))
        {
            Assert.Contains("in use by this same process", Refusal(Disk(name)), StringComparison.Ordinal);
            Assert.Contains($"by the name '{file}'", Refusal(Pool(name)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_that_is_listed_twice_in_one_configuration_is_refused_by_any_of_its_names()
    {
        using var scratch = new Scratch();
        var file = Make(scratch);
        foreach (var name in Names(scratch, file))
        {
            Assert.Contains(file, Refusal(Disk(file), Disk(name)), StringComparison.Ordinal);
            Assert.Contains(file, Refusal(Disk(file, name)), StringComparison.Ordinal);
        }

        Open(Disk(file)).Dispose();
    }

    [Fact]
    public void Those_who_only_read_share_a_file_and_keep_writers_out()
    {
        using var scratch = new Scratch();
        var file = Make(scratch);
        var readOnly = "readOnly = true\n";
        using var first = Open(Disk(file) + readOnly);
        using var second = Open(Disk(file) + readOnly);

        Assert.Contains("in use", Refusal(Disk(file)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_loop_device_and_its_file_are_one()
    {
        using var scratch = new Scratch();
        var file = Make(scratch);
        var loop = Tool.Run("losetup", "--find", "--show", file);
        Assert.SkipWhen(loop.Length == 0, "losetup or loop devices are missing here (root, Debian: mount)");
        var second = Tool.Run("losetup", "--find", "--show", file);
        try
        {
            using (Open(Disk(loop)))
            {
                Assert.Contains(loop, Refusal(Disk(loop)), StringComparison.Ordinal);
                Assert.Contains("in use", Refusal(Disk(file)), StringComparison.Ordinal);
                Assert.Contains($"shows the file '{file}'", Refusal(Disk(second)), StringComparison.Ordinal);
            }

            using (Open(Pool(file)))
            {
                Assert.Contains($"shows the file '{file}'", Refusal(Disk(loop)), StringComparison.Ordinal);
            }

            Open(Disk(loop)).Dispose();
        }
        finally
        {
            Tool.Run("losetup", "--detach", second);
            Tool.Run("losetup", "--detach", loop);
        }
    }

    private static IEnumerable<string> Names(Scratch scratch, string file)
    {
        var number = Directory.GetFiles(scratch.Folder).Length;
        var (soft, hard) = (scratch.File($"soft{number}"), scratch.File($"hard{number}"));
        File.CreateSymbolicLink(soft, file);
        Assert.True(Tool.Run("ln", "-v", file, hard).Length > 0);
        return [file, soft, hard];
    }

    private static string Make(Scratch scratch)
    {
        var path = scratch.File("disk");
        File.WriteAllBytes(path, new byte[4 << 20]);
        return path;
    }

    private static string Disk(params string[] files) =>
        $"[[device]]\nname = \"d{Guid.NewGuid().ToString()[..8]}\"\n" + string.Concat(files.Select(file => $"[[device.namespace]]\nfile = \"{file}\"\n"));

    private static string Pool(string file) =>
        $"[[device]]\nname = \"d{Guid.NewGuid().ToString()[..8]}\"\nvfs = 1\n[device.pool]\nfile = \"{file}\"\n";

    private static string Refusal(params string[] devices) => Assert.Throws<BackendException>(() => Open(devices)).Message;

    private static DeviceSet Open(params string[] devices)
    {
        // What the configuration's reader thinks of a loop device is its own tests' affair: it reads the name of a file in its place.
        using var scratch = new Scratch();
        var other = Make(scratch);
        var text = string.Concat(devices);
        var loop = text.Split('"').FirstOrDefault(word => word.StartsWith("/dev/loop", StringComparison.Ordinal)) ?? other;
        var config = IoConfig.Parse("io.toml", $"""
            name = "box"
            [port]
            kind = "udp"
            listen = "127.0.0.1:9999"
            peers = ["127.0.0.1:9998"]
            [link]
            seal = "off"
            [[host]]
            name = "h1"
            vlan = 11
            {text.Replace(loop, other, StringComparison.Ordinal)}
            """);
        var meant = config.Devices.Select(device => device with
        {
            Namespaces = [.. device.Namespaces.Select(each => each.File == other ? each with { File = loop } : each)],
        });
        return new DeviceSet(meant, "box", new StageClock(new SystemClock()), new Events());
    }
}
