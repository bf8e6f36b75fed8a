using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using ExpEther.Daemon.Control;

namespace ExpEther.Daemon.Tests.Control;

/// <summary>Clients that send what System.Text.Json decodes late, that never end what they began, or that do not read.</summary>
public class HostileClientTests
{
    private const string Sentinel = """{"id":"last","command":"echo","arguments":{"text":"last"}}""";

    private static readonly string[] Valid =
    [
        """{"id":1,"command":"echo","arguments":{"text":"abc"}}""",
        """{"id":"a","command":"pour","arguments":{"pieces":2}}""",
        """{"id":1,"command":"sum"}""",
        """{"id":1,"data":0}""",
        """{"id":1,"command":"refuse","arguments":{}}""",
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"id":1,"command":"\ud800"}""")]
    [InlineData("""{"id":"\udc00","command":"echo"}""")]
    [InlineData("""{"\ud800":1,"id":1,"command":"echo"}""")]
    [InlineData("""{"id":1,"command":"echo","arguments":{"text":"\ud800"}}""")]
    [InlineData("""{"id":1,"command":"echo","arguments":{"\ud800":1}}""")]
    [InlineData("""{"id":1,"command":"echo","arguments":{"text":"a","text":"b"}}""")]
    [InlineData("""{"id":1,"command":"echo","arguments":{"text":{"a":1,"\u0061":2}}}""")]
    [InlineData("""{"id":1e400,"command":"echo"}""")]
    [InlineData("""{"id":1,"command":"pour","arguments":{"pieces":-1e400}}""")]
    [InlineData("""{"id":1,"data":1e400}""")]
    [InlineData("""{"id":1,"data":"1"}""")]
    [InlineData("""{"id":1,"data":null}""")]
    [InlineData("""{"id":1,"data":18446744073709551616}""")]
    [InlineData("""{"id":1,"command":null}""")]
    [InlineData("""{"id":1,"command":["echo"]}""")]
    [InlineData("""{"id":true,"command":"echo"}""")]
    [InlineData("\uFEFF{\"id\":1,\"command\":\"echo\"}")]
    [InlineData("{\"id\":1,\"command\":\"echo\"}{}")]
    [InlineData("{\"id\":1,\"command\":\"e\0cho\"}")]
    public async Task What_is_no_request_is_refused_when_it_is_read_and_others_are_served(string line)
    {
        using var served = new ServedCommands();
        using var hostile = Raw(served);
        hostile.Send(Encoding.UTF8.GetBytes(line + "\n"));

        var answer = JsonNode.Parse(Assert.Single(Lines(hostile)))!;

        Assert.Equal(ControlErrorCode.BadRequest, answer["error"]!["code"]!.GetValue<string>());
        await IsServedAsync(served);
    }

    [Theory]
    [InlineData("-0")]
    [InlineData("1.5")]
    [InlineData("1000001")]
    [InlineData("18446744073709551616")]
    [InlineData("1e300")]
    [InlineData("\"1\"")]
    public async Task A_number_that_does_not_fit_is_named_or_taken_and_never_fatal(string number)
    {
        using var served = new ServedCommands();
        using var client = Raw(served);
        client.Send(Encoding.UTF8.GetBytes("{\"id\":1,\"command\":\"pour\",\"arguments\":{\"pieces\":" + number + "}}\n"));

        var answer = JsonNode.Parse(Lines(client).First())!;

        Assert.Equal(number == "-0" ? null : ControlErrorCode.BadArgument, answer["error"]?["code"]!.GetValue<string>());
        await IsServedAsync(served);
    }

    [Fact]
    public void Whole_numbers_may_be_written_in_every_way_that_JSON_has()
    {
        using var served = new ServedCommands();
        using var client = Raw(served);
        client.Send(Encoding.UTF8.GetBytes("""{"id":1,"command":"sum"}""" + "\n" + """{"id":1,"data":3.0}""" + "\nabc" + """{"id":1,"data":0e0}""" + "\n"));

        Assert.Equal(3, JsonNode.Parse(Lines(client).First())!["result"]!["bytes"]!.GetValue<int>());
    }

    [Fact]
    public async Task Valid_lines_with_faults_are_answered_or_cut_off_and_the_daemon_serves_on()
    {
        using var served = new ServedCommands();
        Gen.Select(Gen.Int[0, Valid.Length - 1], Gen.Int).Sample(
            (line, seed) =>
            {
                using var hostile = Raw(served);
                var faulty = Mutation.OfText(Encoding.UTF8.GetBytes(Valid[line]), Mutation.JsonPieces, new Random(seed));
                hostile.Send([.. faulty, (byte)'\n', .. Encoding.UTF8.GetBytes(Sentinel + "\n")]);
                hostile.Shutdown(SocketShutdown.Send);

                // Answered, refused and closed, or (a data line swallowed the sentinel) closed with the client's own end.
                foreach (var answer in Lines(hostile))
                {
                    Assert.True(answer.StartsWith('{') || answer.Contains("\0\0", StringComparison.Ordinal), answer);
                }
            },
            iter: 300, threads: 1);
        await IsServedAsync(served);
    }

    [Fact]
    public async Task Data_for_a_call_that_has_been_answered_are_read_and_at_last_the_client_is_cut_off()
    {
        using var served = new ServedCommands();
        using var deaf = Raw(served);
        deaf.Send(Encoding.UTF8.GetBytes("""{"id":1,"command":"refuse"}""" + "\n"));
        byte[] piece = [.. Encoding.UTF8.GetBytes("""{"id":1,"data":1000000}""" + "\n"), .. new byte[1_000_000]];

        // Blocks for ever if the daemon stops reading without closing.
        Assert.Throws<SocketException>(() =>
        {
            while (!Cancel.IsCancellationRequested)
            {
                deaf.Send(piece);
            }
        });

        var answers = Lines(deaf).ToList();
        Assert.Contains("it has an owner", answers[0], StringComparison.Ordinal);
        Assert.Contains("for a call that has ended", answers[1], StringComparison.Ordinal);
        await IsServedAsync(served);
    }

    [Fact]
    public async Task A_call_that_ends_with_data_untaken_lets_its_connection_go_on()
    {
        using var served = new ServedCommands();
        using var client = await served.ConnectAsync();

        var refused = await Assert.ThrowsAsync<ControlException>(
            () => client.CallAsync("refuse", upload: new MemoryStream(new byte[6_000_000]), cancel: Cancel));

        Assert.Equal("already-owned", refused.Error.Code);
        Assert.Equal("on", (await client.CallAsync("echo", new JsonObject { ["text"] = "on" }, cancel: Cancel)).TextOf("text"));
    }

    [Fact]
    public void A_client_that_comes_when_all_connections_work_is_told()
    {
        using var served = new ServedCommands();
        var busy = Enumerable.Range(0, ControlLimits.ConnectionsMax).Select(_ => Raw(served)).ToList();
        busy.ForEach(client => client.Send(Encoding.UTF8.GetBytes("""{"id":1,"command":"wait"}""" + "\n")));
        busy.ForEach(client => Assert.Contains("waiting", Lines(client).First(), StringComparison.Ordinal));
        using var late = Raw(served);

        Assert.Contains(ControlErrorCode.TooManyConnections, Assert.Single(Lines(late)), StringComparison.Ordinal);
        busy.ForEach(client => client.Dispose());
    }

    [Theory]
    [InlineData("{\"id\":1,\"command\":\"echo\"", "\"x\"")]
    [InlineData("{\"id\":1,\"command\":\"sum\"}\n{\"id\":1,\"data\":100}\n", "x")]
    public async Task A_client_that_goes_on_by_a_byte_now_and_then_is_cut_off_too(string begin, string more)
    {
        using var bench = new TimedServer();
        using var socket = await bench.ConnectAsync();
        socket.Send(Encoding.UTF8.GetBytes(begin));
        bench.TurnAt(TimeSpan.FromSeconds(1));
        for (var second = 10; second <= ControlLimits.InputSecondsMax; second += 10)
        {
            socket.Send(Encoding.UTF8.GetBytes(more));
            bench.TurnAt(TimeSpan.FromSeconds(second));
            Assert.Equal(1, bench.Server.ConnectionCount);
        }

        bench.TurnAt(TimeSpan.FromSeconds(ControlLimits.InputSecondsMax + 1));

        Assert.Equal(0, bench.Server.ConnectionCount);
    }

    [Fact]
    public async Task A_client_that_reads_a_little_now_and_then_is_cut_off_too()
    {
        using var bench = new TimedServer();
        using var socket = await bench.ConnectAsync();
        socket.Send(Encoding.UTF8.GetBytes("{\"id\":1,\"command\":\"pour\"}\n"));
        for (var second = 1; second < ControlLimits.DrainSecondsMax; second += 10)
        {
            bench.TurnAt(TimeSpan.FromSeconds(second));
            Assert.Equal((1, false), (bench.Server.ConnectionCount, bench.IsPourOver));
            socket.Receive(new byte[60_000]);
        }

        bench.TurnAt(TimeSpan.FromSeconds(ControlLimits.DrainSecondsMax + 2));

        Assert.Equal((0, true), (bench.Server.ConnectionCount, bench.IsPourOver));
    }

    private static async Task IsServedAsync(ServedCommands served)
    {
        using var other = await served.ConnectAsync();
        Assert.Equal("y", (await other.CallAsync("echo", new JsonObject { ["text"] = "y" }, cancel: Cancel)).TextOf("text"));
    }

    private static Socket Raw(ServedCommands served)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(served.SocketPath));
        return socket;
    }

    /// <summary>Reads lines until the server closes the connection.</summary>
    private static IEnumerable<string> Lines(Socket socket)
    {
        var buffer = new byte[1 << 16];
        var line = new List<byte>();
        while (true)
        {
            int got;
            try
            {
                got = socket.Receive(buffer);
            }
            catch (SocketException)
            {
                got = 0; // closed with bytes of ours unread
            }

            foreach (var b in buffer.AsSpan(0, got).ToArray())
            {
                if (b != '\n')
                {
                    line.Add(b);
                    continue;
                }

                yield return Encoding.Latin1.GetString([.. line]);
                line.Clear();
            }

            if (got == 0)
            {
                yield break;
            }
        }
    }
}
