using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using ExpEther.Cli.Tests.Lab;

namespace ExpEther.Cli.Tests.State;

/// <summary>What a box keeps on disk has one owner, is checked, and is not started without unless that is asked for.</summary>
public class StateTests
{
    private const string Device = """
        [[device]]
        name = "shared1"
        vfs = 1
        [[device.namespace]]
        ramMiB = 1
        [device.pool]

        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_second_box_of_a_name_is_refused_by_the_first_ones_process_and_command()
    {
        await using var machine = await OneMachine.StartAsync();

        var second = await Expether.RunAsync(
            "io", "--config", machine.Folder.File("io.toml"), "--socket", machine.Folder.File("other.sock"), "--json");

        Assert.NotEqual(0, second.Code);
        Assert.Contains($"process {machine.Daemons[0].Id}", second.Error, StringComparison.Ordinal);
        Assert.Contains("io --config", second.Error, StringComparison.Ordinal);
        Assert.Contains("runs since", second.Error, StringComparison.Ordinal);
        Assert.False(machine.Daemons[0].HasEnded);
    }

    [Fact]
    public async Task Of_daemons_that_start_at_once_over_a_left_over_socket_one_serves_and_the_others_name_it()
    {
        using var folder = new LabFolder();
        var socket = folder.File("io.sock");
        using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(socket));
        }

        var configs = Enumerable.Range(1, 4).Select(i => folder.Write($"io{i}.toml", $"""
            name = "box{i}"
            stateDirectory = "state"
            [port]
            kind = "udp"
            listen = "127.0.0.1:{FreePort()}"
            [link]
            seal = "off"
            [[device]]
            name = "disk1"
            [[device.namespace]]
            ramMiB = 1
            """)).ToList();
        var started = configs.ConvertAll(config => Expether.Start("io", "--config", config, "--socket", socket));
        try
        {
            var answer = await DaemonQuestions.UntilAsync(socket, "ls", found => found["started"]!.GetValue<bool>(), () => { });
            var owner = started[answer["name"]!.GetValue<string>()[^1] - '1'];
            foreach (var other in started.Where(each => each != owner))
            {
                var refusal = await other.EndAsync();
                Assert.NotEqual(0, refusal.Code);
                Assert.Contains($"process {owner.Id} (", refusal.Error, StringComparison.Ordinal);
                Assert.Contains("io --config", refusal.Error, StringComparison.Ordinal);
            }

            Assert.False(owner.HasEnded);
        }
        finally
        {
            started.ForEach(each => each.Dispose());
        }
    }

    [Fact]
    public async Task A_box_does_not_start_with_a_damaged_record_of_owners_until_the_loss_is_accepted()
    {
        await using var machine = await OneMachine.StartAsync();
        Assert.Equal(0, (await Expether.RunAsync("attach", "disk1", "host1", "--socket", machine.Io)).Code);
        await machine.StopIoAsync();
        var file = Path.Combine(machine.Folder.File("state"), "ownership-box.json");
        var bytes = await File.ReadAllBytesAsync(file, Cancel);
        bytes[^40] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, Cancel);

        var refused = await Expether.RunAsync("io", "--config", machine.Folder.File("io.toml"), "--socket", machine.Io);

        Assert.NotEqual(0, refused.Code);
        Assert.Contains(file, refused.Error, StringComparison.Ordinal);
        Assert.Contains("--accept-lost-ownership", refused.Error, StringComparison.Ordinal);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(file, Cancel));

        machine.StartIo("--accept-lost-ownership");
        var box = await machine.UntilAsync(machine.Io, "ls", found => found["started"]!.GetValue<bool>());
        Assert.All(box["functions"]!.AsArray(), function => Assert.Null(function!["owner"]));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Path.ChangeExtension(file, ".bad-1"), Cancel));
    }

    [Fact]
    public async Task A_pool_in_doubt_is_served_and_changes_only_after_the_loss_is_accepted()
    {
        await using var machine = await OneMachine.StartAsync(folder =>
        {
            File.WriteAllBytes(folder.File("pool"), new byte[8 << 20]);
            return Device + $"file = \"{folder.File("pool")}\"\n";
        });
        await CreateAsync(machine, 0);
        await CreateAsync(machine, 0);
        await machine.StopIoAsync();
        SpoilAsEarlierVersion(machine.Folder.File("pool"));

        machine.StartIo();
        await machine.UntilAsync(machine.Io, "ls", found => found["started"]!.GetValue<bool>());
        var refused = await CreateAsync(machine, 1);
        Assert.Contains("namespace repair shared1 --accept-loss", refused, StringComparison.Ordinal);
        Assert.Equal(1, (await Expether.RunAsync("namespace", "repair", "shared1", "--socket", machine.Io)).Code);
        Assert.Contains("damaged", (await Expether.RunAsync("namespace", "ls", "--socket", machine.Io)).Output, StringComparison.Ordinal);

        var repaired = await Expether.RunAsync("namespace", "repair", "shared1", "--accept-loss", "--socket", machine.Io, "--json");
        Assert.True(repaired.Code == 0 && repaired.Json["repaired"]!.GetValue<bool>(), repaired.Error);
        await CreateAsync(machine, 0);
    }

    private static async Task<string> CreateAsync(OneMachine machine, int code)
    {
        var made = await Expether.RunAsync("namespace", "create", "shared1", "1MiB", "host1", "--socket", machine.Io);
        Assert.True(made.Code == code, made.Error);
        return made.Error;
    }

    /// <summary>As a version of before wrote the pool, and with a wrong bit in its first copy.</summary>
    private static void SpoilAsEarlierVersion(string path)
    {
        const int CopyBytes = 256 << 10;
        var pool = File.ReadAllBytes(path);
        for (var copy = 0; copy < 2; copy++)
        {
            var image = pool.AsSpan(copy * CopyBytes, BitConverter.ToInt32(pool, (copy * CopyBytes) + 16));
            image[7] = (byte)'1';
            image[8] += (byte)(copy == 0 ? 1 : 0);
            image.Slice(40, 32).Clear();
            SHA256.HashData(image).CopyTo(image[40..]);
        }

        pool[130] ^= 1;
        File.WriteAllBytes(path, pool);
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
