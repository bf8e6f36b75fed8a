using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using ExpEther.Daemon.Control;

namespace ExpEther.Daemon.Tests.Control;

public class ControlServerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_call_gets_its_result()
    {
        using var served = new ServedCommands();
        using var client = await served.ConnectAsync();

        var result = await client.CallAsync("echo", new JsonObject { ["text"] = "häl\"lo\n" }, cancel: Cancel);

        Assert.Equal("häl\"lo\n", result["text"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_refusal_comes_with_code_message_and_remedy()
    {
        using var served = new ServedCommands();
        using var client = await served.ConnectAsync();

        var error = await Assert.ThrowsAsync<ControlException>(() => client.CallAsync("refuse", cancel: Cancel));

        Assert.Equal(new ControlError("already-owned", "it has an owner", "detach it"), error.Error);
    }

    [Fact]
    public async Task A_command_that_fails_by_a_bug_is_answered_and_the_next_call_works()
    {
        using var served = new ServedCommands();
        using var client = await served.ConnectAsync();

        var error = await Assert.ThrowsAsync<ControlException>(() => client.CallAsync("fail", cancel: Cancel));

        Assert.Equal(ControlErrorCode.Internal, error.Error.Code);
        Assert.Equal("x", (await client.CallAsync("echo", new JsonObject { ["text"] = "x" }, cancel: Cancel))["text"]!.GetValue<string>());
    }

    [Fact]
    public async Task An_unknown_command_is_answered_with_those_that_are_known()
    {
        using var served = new ServedCommands();
        using var client = await served.ConnectAsync();

        var error = await Assert.ThrowsAsync<ControlException>(() => client.CallAsync("ekko", cancel: Cancel));

        Assert.Equal(ControlErrorCode.UnknownCommand, error.Error.Code);
        Assert.Contains("echo", error.Error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_and_unknown_arguments_are_named()
    {
        using var served = new ServedCommands();
        using var client = await served.ConnectAsync();

        var error = await Assert.ThrowsAsync<ControlException>(() => client.CallAsync("echo", new JsonObject { ["text"] = 3, ["txt"] = "a" }, cancel: Cancel));

        Assert.Equal(ControlErrorCode.BadArgument, error.Error.Code);
        Assert.Contains("'text' is not a string", error.Error.Message, StringComparison.Ordinal);
        Assert.Contains("'txt' is not known", error.Error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_of_one_connection_run_side_by_side_and_answers_carry_their_ids()
    {
        using var served = new ServedCommands();
        using var socket = await RawAsync(served);

        await SendAsync(socket, """{"id":"slow","command":"wait"}""" + "\n" + """{"id":2,"command":"echo","arguments":{"text":"quick"}}""" + "\n");
        var lines = await LinesAsync(socket, 2);
        served.Release();
        lines.AddRange(await LinesAsync(socket, 1));

        Assert.Equal("""{"id":"slow","progress":{"waiting":true}}""", lines[0]);
        Assert.Equal("""{"id":2,"result":{"text":"quick"}}""", lines[1]);
        Assert.Equal("""{"id":"slow","result":{}}""", lines[2]);
    }

    [Theory]
    [InlineData("nonsense\n", ControlErrorCode.BadRequest)]
    [InlineData("[1,2]\n", ControlErrorCode.BadRequest)]
    [InlineData("{}\n", ControlErrorCode.BadRequest)]
    [InlineData("{\"id\":1}\n", ControlErrorCode.BadRequest)]
    [InlineData("{\"id\":{},\"command\":\"echo\"}\n", ControlErrorCode.BadRequest)]
    [InlineData("{\"id\":1,\"command\":\"echo\",\"arguments\":7}\n", ControlErrorCode.BadRequest)]
    [InlineData("{\"id\":1,\"id\":2,\"command\":\"echo\"}\n", ControlErrorCode.BadRequest)]
    [InlineData("{\"id\":1,\"data\":99999999}\n", ControlErrorCode.BadRequest)]
    [InlineData("{\"id\":1,\"data\":-1}\n", ControlErrorCode.BadRequest)]
    [InlineData("\u0000\u0001\u0002\n", ControlErrorCode.BadRequest)]
    [InlineData(
        "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{"
        + "\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}}}}}}}}\n", ControlErrorCode.BadRequest)]
    public async Task A_client_that_breaks_the_protocol_is_told_and_cut_off_and_others_are_served(string sent, string code)
    {
        using var served = new ServedCommands();
        using var broken = await RawAsync(served);
        using var other = await served.ConnectAsync();

        await SendAsync(broken, sent);
        var answer = JsonNode.Parse(Assert.Single(await LinesAsync(broken, int.MaxValue)))!;

        Assert.Equal(code, answer["error"]!["code"]!.GetValue<string>());
        Assert.Equal("y", (await other.CallAsync("echo", new JsonObject { ["text"] = "y" }, cancel: Cancel))["text"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_line_without_end_is_cut_off_at_the_limit()
    {
        using var served = new ServedCommands();
        using var socket = await RawAsync(served);

        await SendAsync(socket, new string('x', ControlLimits.LineBytesMax));
        var answer = JsonNode.Parse(Assert.Single(await LinesAsync(socket, int.MaxValue)))!;

        Assert.Equal(ControlErrorCode.LineTooLong, answer["error"]!["code"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_line_may_come_in_pieces()
    {
        using var served = new ServedCommands();
        using var socket = await RawAsync(served);
        using var other = await served.ConnectAsync();

        foreach (var piece in (string[])["{\"id\":1,\"comm", "and\":\"echo\",\"argu", "ments\":{\"text\":\"z\"}}", "\n"])
        {
            await SendAsync(socket, piece);
            await other.CallAsync("echo", new JsonObject { ["text"] = "between" }, cancel: Cancel); // the server has seen the piece alone
        }

        Assert.Equal("""{"id":1,"result":{"text":"z"}}""", Assert.Single(await LinesAsync(socket, 1)));
    }

    [Fact]
    public async Task Clients_that_vanish_leave_nothing_behind()
    {
        using var served = new ServedCommands();
        for (var i = 0; i < 3 * ControlLimits.ConnectionsMax; i++)
        {
            using var socket = await RawAsync(served);
            await SendAsync(socket, i % 3 == 0 ? "{\"id\":1,\"comm"
                : i % 3 == 1 ? "{\"id\":1,\"command\":\"wait\"}\n"
                : "{\"id\":1,\"command\":\"pour\",\"arguments\":{\"pieces\":1000}}\n");
        }

        using var client = await served.ConnectAsync();
        await client.CallAsync("echo", new JsonObject { ["text"] = "still here" }, cancel: Cancel);

        Assert.InRange(served.Server.ConnectionCount, 1, ControlLimits.ConnectionsMax);
    }

    [Fact]
    public async Task Bulk_data_comes_whole_and_in_bounded_memory()
    {
        using var served = new ServedCommands();
        using var client = await served.ConnectAsync();
        var bytes = 0L;

        var result = await client.CallAsync(
            "pour", new JsonObject { ["pieces"] = 300 },
            onData: data =>
            {
                bytes += data.Length;
                return ValueTask.CompletedTask;
            },
            cancel: Cancel);

        Assert.Equal(300, result["pieces"]!.GetValue<int>());
        Assert.Equal(30_000_000, bytes);
    }

    [Fact]
    public async Task A_client_that_does_not_read_stops_its_own_command_only()
    {
        using var served = new ServedCommands();
        using var slow = await RawAsync(served);
        using var client = await served.ConnectAsync();

        await SendAsync(slow, "{\"id\":1,\"command\":\"pour\",\"arguments\":{\"pieces\":1000}}\n");
        for (var i = 0; i < 100; i++)
        {
            await client.CallAsync("echo", new JsonObject { ["text"] = "on" }, cancel: Cancel);
        }

        slow.Dispose();
        await client.CallAsync("echo", new JsonObject { ["text"] = "on" }, cancel: Cancel);

        Assert.InRange(served.Poured, 0, 999);
    }

    [Fact]
    public async Task Uploaded_data_reaches_the_command_whole()
    {
        using var served = new ServedCommands();
        using var client = await served.ConnectAsync();
        var data = new byte[5_000_001];
        new Random(1).NextBytes(data);

        var result = await client.CallAsync("sum", upload: new MemoryStream(data), cancel: Cancel);

        Assert.Equal(data.Length, result["bytes"]!.GetValue<long>());
        Assert.Equal(data.Sum(b => (long)b), result["sum"]!.GetValue<long>());
    }

    [Fact]
    public async Task Any_bytes_are_answered_or_refused_and_the_server_lives()
    {
        using var served = new ServedCommands();
        Gen.Byte.Array[0, 300].Sample(
            bytes =>
            {
                using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                socket.Connect(new UnixDomainSocketEndPoint(served.SocketPath));
                return socket.Send(bytes) == bytes.Length;
            },
            iter: 60, threads: 1);

        using var client = await served.ConnectAsync();
        Assert.Equal("alive", (await client.CallAsync("echo", new JsonObject { ["text"] = "alive" }, cancel: Cancel))["text"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("{\"id\":1,\"comm")]
    [InlineData("{\"id\":1,\"command\":\"sum\"}\n{\"id\":1,\"data\":100}\nabc")]
    public async Task A_client_that_stops_in_the_middle_is_cut_off_after_a_while(string half)
    {
        using var bench = new TimedServer();
        using var socket = await bench.ConnectAsync();
        await SendAsync(socket, half);
        bench.TurnAt(TimeSpan.FromSeconds(1));

        bench.TurnAt(TimeSpan.FromSeconds(ControlLimits.InputSecondsMax));
        Assert.Equal(1, bench.Server.ConnectionCount);
        Assert.Equal(TimeSpan.FromSeconds(ControlLimits.InputSecondsMax + 1), bench.Server.NextDeadline - Core.Time.Instant.Zero);
        bench.TurnAt(TimeSpan.FromSeconds(ControlLimits.InputSecondsMax + 1));

        Assert.Equal(0, bench.Server.ConnectionCount);
        Assert.Null(bench.Server.NextDeadline);
    }

    [Fact]
    public async Task A_client_that_does_not_read_is_cut_off_after_a_while_and_its_command_knows()
    {
        using var bench = new TimedServer();
        using var socket = await bench.ConnectAsync();
        await SendAsync(socket, "{\"id\":1,\"command\":\"pour\"}\n");
        bench.TurnAt(TimeSpan.FromSeconds(1));
        bench.TurnAt(TimeSpan.FromSeconds(ControlLimits.OutputSecondsMax));
        Assert.Equal((1, false), (bench.Server.ConnectionCount, bench.IsPourOver));

        bench.TurnAt(TimeSpan.FromSeconds(ControlLimits.OutputSecondsMax + 2));

        Assert.Equal((0, true), (bench.Server.ConnectionCount, bench.IsPourOver));
    }

    [Fact]
    public async Task An_idle_client_may_stay()
    {
        using var bench = new TimedServer();
        using var socket = await bench.ConnectAsync();
        bench.TurnAt(TimeSpan.FromSeconds(1));
        bench.TurnAt(TimeSpan.FromHours(10));

        Assert.Equal(1, bench.Server.ConnectionCount);
        Assert.Null(bench.Server.NextDeadline);
    }

    [Fact]
    public async Task Two_daemons_do_not_share_a_socket_and_a_left_over_file_is_taken_over()
    {
        using var scratch = new Scratch();
        using (var served = new ServedCommands())
        {
            var taken = Assert.Throws<IOException>(() => new ControlServer(served.SocketPath, new CommandTable(), new()));
            Assert.Contains("already listens", taken.Message, StringComparison.Ordinal);
        }

        var path = scratch.File("left.sock");
        using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(path));
        }

        using var server = new ControlServer(path, new CommandTable(), new());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        await Task.CompletedTask;
    }

    [Fact]
    public void A_path_that_is_too_long_for_a_socket_is_told() =>
        Assert.Contains(
            "longer than", Assert.Throws<IOException>(() => new ControlServer("/tmp/" + new string('x', 120), new CommandTable(), new())).Message,
            StringComparison.Ordinal);

    [Fact]
    public async Task Nobody_at_the_socket_is_told_with_what_to_do()
    {
        var error = await Assert.ThrowsAsync<ControlException>(() => ControlClient.ConnectAsync("/nowhere/daemon.sock", Cancel));

        Assert.Equal(ControlErrorCode.NotReachable, error.Error.Code);
        Assert.Contains("--socket", error.Error.Remedy, StringComparison.Ordinal);
    }

    private static async Task<Socket> RawAsync(ServedCommands served)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(served.SocketPath), Cancel);
        return socket;
    }

    private static async Task SendAsync(Socket socket, string text) => await socket.SendAsync(Encoding.UTF8.GetBytes(text), SocketFlags.None, Cancel);

    /// <summary>Reads lines until there are so many, or the server closed the connection.</summary>
    private static async Task<List<string>> LinesAsync(Socket socket, int count)
    {
        var lines = new List<string>();
        var line = new StringBuilder();
        var one = new byte[1];
        while (lines.Count < count && await socket.ReceiveAsync(one, SocketFlags.None, Cancel) == 1)
        {
            if (one[0] == '\n')
            {
                lines.Add(line.ToString());
                line.Clear();
            }
            else
            {
                line.Append((char)one[0]);
            }
        }

        return lines;
    }
}
