using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ExpEther.Core.Scheduling;
using ExpEther.Linux.Polling;
using ExpEther.Qemu.Qmp;
using ExpEther.Qemu.Tests.Monitors;

namespace ExpEther.Qemu.Tests.Qmp;

public sealed class QmpClientTests : IQmpListener, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("expether-qmp-");
    private readonly OwnerScheduler _scheduler = new();
    private readonly EventList _events = new();
    private readonly ScriptedMonitor _monitor;
    private readonly QmpClient _client;
    private readonly List<string> _heard = [];

    public QmpClientTests()
    {
        var path = Path.Combine(_folder.FullName, "qmp.sock");
        _monitor = new ScriptedMonitor(path) { Answer = Usual };
        _client = new QmpClient(new QmpClientOptions { Name = "web", Path = path }, _scheduler, this, _events);
    }

    public void Dispose()
    {
        _client.Dispose();
        _monitor.Dispose();
        _folder.Delete(recursive: true);
    }

    void IQmpListener.OnConnected(QmpPeer peer) => _heard.Add($"connected {peer}");

    void IQmpListener.OnDisconnected(string reason) => _heard.Add($"disconnected {reason}");

    void IQmpListener.OnEvent(string name, JsonElement data) => _heard.Add($"{name} {data}");

    [Fact]
    public void It_finds_a_QEMU_that_starts_later_and_asks_only_for_what_it_needs()
    {
        RunFor(TimeSpan.FromSeconds(60));
        Assert.False(_client.IsReady);
        Assert.Empty(_events.All);

        _monitor.Listen();
        RunUntil(() => _client.IsReady, TimeSpan.FromSeconds(2));
        Assert.Equal(new QmpPeer(new QemuVersion(11, 1, 3), UsesKvm: false, IsRunning: true), _client.Peer);
        Assert.Equal(["qmp_capabilities", "query-kvm", "query-status"], _monitor.Commands.Select(c => c.Command));
        Assert.Null(_client.NextDeadline);
        Assert.Single(_heard);
    }

    [Fact]
    public void A_command_gets_what_QEMU_returns_or_its_words()
    {
        Connect();
        var list = Execute("qom-list");
        var refused = Execute("device_add");
        RunUntil(() => list.IsEnded && refused.IsEnded, TimeSpan.FromSeconds(1));

        Assert.Equal("[1,2]", list.Reply.Value.GetRawText());
        Assert.Equal((QmpOutcome.Refused, "GenericError", "Bus 'x' not found"), (refused.Reply.Outcome, refused.Reply.ErrorClass, refused.Reply.Text));
    }

    [Fact]
    public void Answers_are_told_apart_by_their_numbers_whatever_their_order()
    {
        Connect();
        _monitor.Answer = (_, _) => null;
        var first = Execute("first");
        var second = Execute("second");
        RunFor(TimeSpan.FromMilliseconds(10));
        var last = _client.Counters.Commands;
        _monitor.Send($$"""{"return": "b", "id": {{last}}}{{"\n"}}{"return": "a", "id": {{last - 1}}}{{"\n"}}""");
        RunUntil(() => first.IsEnded && second.IsEnded, TimeSpan.FromSeconds(1));

        Assert.Equal(("a", "b"), (first.Reply.Value.GetString(), second.Reply.Value.GetString()));
    }

    [Fact]
    public void A_command_that_is_never_answered_ends_in_time_and_its_late_answer_is_nobodys()
    {
        Connect();
        _monitor.Answer = (_, _) => null;
        var silent = Execute("query-pci");
        RunFor(TimeSpan.FromSeconds(4.9));
        Assert.False(silent.IsEnded);
        RunUntil(() => silent.IsEnded, TimeSpan.FromSeconds(0.2));
        Assert.Equal(QmpOutcome.TimedOut, silent.Reply.Outcome);

        _monitor.Send($$"""{"return": {}, "id": {{_client.Counters.Commands}}}{{"\n"}}""");
        RunFor(TimeSpan.FromMilliseconds(10));
        Assert.Equal(1, _client.Counters.LateAnswers);
        Assert.True(_client.IsReady);
    }

    [Fact]
    public void Events_come_whole_however_they_are_cut()
    {
        Connect();
        _monitor.Send("""{"event": "DEVICE_DELETED", "data": {"dev""");
        RunFor(TimeSpan.FromMilliseconds(10));
        _monitor.Send("""ice": "é"}}""" + "\r");
        RunFor(TimeSpan.FromMilliseconds(10));
        Assert.Single(_heard);
        _monitor.Send("\n\r\n" + """{"event": "STOP"}""" + "\n" + """{"event": "RESUME"}""" + "\n");
        RunFor(TimeSpan.FromMilliseconds(10));

        Assert.Equal(["""DEVICE_DELETED {"device": "é"}""", "STOP ", "RESUME "], _heard[1..]);
    }

    [Fact]
    public void A_QEMU_that_ends_ends_what_waits_and_is_met_again()
    {
        Connect();
        _monitor.Answer = (_, _) => null;
        var waits = Execute("device_del");
        RunFor(TimeSpan.FromMilliseconds(10));
        _monitor.End();
        RunUntil(() => waits.IsEnded, TimeSpan.FromMilliseconds(10));
        Assert.Equal(QmpOutcome.Disconnected, waits.Reply.Outcome);
        Assert.StartsWith("disconnected", _heard[^1], StringComparison.Ordinal);
        Assert.Equal(QmpOutcome.NotSent, Execute("device_add").Reply.Outcome);

        _monitor.Answer = Usual;
        _monitor.Listen();
        RunUntil(() => _client.IsReady, TimeSpan.FromSeconds(2));
        Assert.Equal(3, _heard.Count);
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2\n")]
    [InlineData("""{"QMP": {"version": {}}}""" + "\n")]
    [InlineData("""{"QMP": {"version": {"qemu": {"major": "11", "minor": 1, "micro": 3}}}}""" + "\n")]
    [InlineData("[]\n")]
    [InlineData("{}\n")]
    [InlineData("\0\n")]
    public void Who_does_not_greet_as_QEMU_does_is_left_alone_and_complained_of_once(string greeting)
    {
        _monitor.Greeting = "";
        _monitor.Listen();
        RunUntil(() => _monitor.IsConnected, TimeSpan.FromSeconds(1));
        for (var i = 0; i < 3; i++)
        {
            RunUntil(() => _monitor.IsConnected, TimeSpan.FromSeconds(3));
            _monitor.Send(greeting);
            RunUntil(() => !_monitor.IsConnected, TimeSpan.FromSeconds(1));
        }

        Assert.Empty(_monitor.Commands);
        Assert.Equal(3, _client.Counters.Violations);
        Assert.Single(_events.All);
    }

    [Theory]
    [InlineData("""{"event": "X", "event": "Y"}""")]
    [InlineData("nonsense")]
    [InlineData("\"text\"")]
    [InlineData("{\"event\": \"\\ud800\", \"data\": {\"device\": \"\\udfff\"}")]
    public void Nonsense_ends_the_connection_and_the_next_one_works(string line)
    {
        Connect();
        _monitor.Send(line + "\n");
        RunUntil(() => !_client.IsReady, TimeSpan.FromMilliseconds(10));
        RunUntil(() => _client.IsReady, TimeSpan.FromSeconds(2));
        Assert.Equal((1, 2), (_client.Counters.Violations, _monitor.Connections));
    }

    [Fact]
    public void Text_that_is_none_and_members_of_the_wrong_type_harm_nobody()
    {
        Connect();
        _monitor.Send("{\"event\": \"\\ud800\"}\n{\"event\": 5}\n{\"return\": 1, \"id\": \"x\"}\n");
        _monitor.Send("{\"event\": \"STOP\", \"data\": [1]}\n{\"error\": 7, \"id\": 1}\n");
        RunFor(TimeSpan.FromMilliseconds(10));
        Assert.True(_client.IsReady);
        Assert.Equal("STOP ", _heard[^1]);
    }

    [Fact]
    public void A_line_without_an_end_is_not_kept_for_ever()
    {
        Connect();
        var chunk = new string('x', 4096);
        for (var i = 0; i < (QemuLimits.QmpLineBytesMax / 4096) + 2 && _client.IsReady; i++)
        {
            _monitor.Send(chunk);
            Turn();
        }

        Assert.False(_client.IsReady);
        Assert.Equal(1, _client.Counters.Violations);
        Assert.Contains($"{QemuLimits.QmpLineBytesMax}", _heard[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_answer_is_taken()
    {
        Connect();
        var text = new string('y', QemuLimits.QmpLineBytesMax - 200);
        _monitor.Answer = (_, _) => null;
        var reply = Execute("query-pci");
        RunFor(TimeSpan.FromMilliseconds(5));
        var line = $$"""{"return": "{{text}}", "id": {{_client.Counters.Commands}}}{{"\n"}}""";
        for (var i = 0; i < line.Length; i += 32768)
        {
            _monitor.Send(line[i..Math.Min(i + 32768, line.Length)]);
            Turn();
        }

        RunUntil(() => reply.IsEnded, TimeSpan.FromSeconds(1));
        Assert.Equal(text, reply.Reply.Value.GetString());
    }

    [Fact]
    public void A_monitor_that_another_program_holds_is_given_up_and_tried_again()
    {
        _monitor.Greeting = "";
        _monitor.Listen();
        RunUntil(() => _monitor.IsConnected, TimeSpan.FromSeconds(1));
        RunUntil(() => !_monitor.IsConnected, QemuLimits.QmpGreetingTimeout + TimeSpan.FromSeconds(1));
        Assert.True(_events.Has("another program"));
        RunUntil(() => _monitor.Connections == 2, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void More_commands_than_the_limit_end_at_once_and_the_others_go_on()
    {
        Connect();
        _monitor.Answer = (_, _) => null;
        var calls = Enumerable.Range(0, QemuLimits.QmpCallsMax).Select(_ => Execute("query-status")).ToArray();
        Assert.Equal(QmpOutcome.NotSent, Execute("query-status").Reply.Outcome);
        RunFor(TimeSpan.FromSeconds(6));
        Assert.All(calls, call => Assert.Equal(QmpOutcome.TimedOut, call.Reply.Outcome));
        Assert.Equal(QmpOutcome.NotSent, ExecuteLong().Reply.Outcome);
        Assert.True(_client.IsReady);
    }

    [Fact]
    public void A_flood_of_events_leaves_room_for_everybody_else()
    {
        Connect();
        var line = Encoding.UTF8.GetBytes("{\"event\": \"RTC_CHANGE\"}\n");
        for (var i = 0; i < 20_000; i++)
        {
            if (i % 100 == 99)
            {
                Turn();
            }

            _monitor.Send(Encoding.UTF8.GetString(line));
        }

        RunUntil(() => _client.Counters.Events == 20_000, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void One_descriptor_wakes_for_the_answers_of_every_connection()
    {
        var poller = new Poller();
        poller.Add(_client.PollFileDescriptor, PollEvents.Readable);
        for (var i = 0; i < 2; i++)
        {
            if (i == 0)
            {
                Connect();
            }
            else
            {
                _monitor.Hangup();
                Assert.Equal(1, poller.Wait(TimeSpan.Zero));
                RunUntil(() => !_client.IsReady, TimeSpan.FromSeconds(1));
                RunUntil(() => _client.IsReady, TimeSpan.FromSeconds(2));
            }

            RunFor(TimeSpan.FromMilliseconds(10));
            Assert.Equal(0, poller.Wait(TimeSpan.Zero));
            _monitor.SendEvent("STOP");
            Assert.Equal(1, poller.Wait(TimeSpan.Zero));
            RunFor(TimeSpan.FromMilliseconds(10));
            Assert.Equal(0, poller.Wait(TimeSpan.Zero));
        }
    }

    [Fact]
    public void A_path_that_no_socket_can_have_is_refused_at_once()
    {
        var path = "/tmp/" + new string('x', 200);
        Assert.Throws<ArgumentException>(() => new QmpClient(new QmpClientOptions { Name = "web", Path = path }, _scheduler, this, _events));
    }

    private static JsonObject? Usual(string command, JsonElement arguments) => command switch
    {
        "query-kvm" => ScriptedMonitor.Done(new JsonObject { ["enabled"] = false, ["present"] = true }),
        "query-status" => ScriptedMonitor.Done(new JsonObject { ["running"] = true, ["status"] = "running" }),
        "qom-list" => ScriptedMonitor.Done(new JsonArray(1, 2)),
        "device_add" => ScriptedMonitor.Error("GenericError", "Bus 'x' not found"),
        _ => ScriptedMonitor.Done(),
    };

    private Command Execute(string command) => Start(command, null);

    private Command ExecuteLong() => Start("x", arguments => arguments.WriteString("y", new string('z', QemuLimits.QmpOutputBytesMax)));

    private Command Start(string name, Action<Utf8JsonWriter>? arguments)
    {
        var command = new Command();
        _scheduler.Start(async () => command.End(await _client.ExecuteAsync(name, arguments, TimeSpan.FromSeconds(5))));
        _scheduler.RunReady();
        return command;
    }

    private void Connect()
    {
        _monitor.Listen();
        RunUntil(() => _client.IsReady, TimeSpan.FromSeconds(3));
    }

    private void Turn()
    {
        _scheduler.Advance(_scheduler.Now + TimeSpan.FromMilliseconds(1));
        _client.Poll(_scheduler.Now);
        _monitor.Poll();
        _scheduler.RunReady();
    }

    private void RunFor(TimeSpan span)
    {
        var end = _scheduler.Now + span;
        while (_scheduler.Now < end)
        {
            Turn();
        }
    }

    private void RunUntil(Func<bool> condition, TimeSpan within)
    {
        var end = _scheduler.Now + within;
        while (!condition())
        {
            Assert.True(_scheduler.Now < end, "it did not happen in time");
            Turn();
        }
    }

    private sealed class Command
    {
        public bool IsEnded { get; private set; }

        public QmpReply Reply { get; private set; }

        public void End(QmpReply reply) => (IsEnded, Reply) = (true, reply);
    }
}
