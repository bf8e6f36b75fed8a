using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ExpEther.Linux.Sockets;

namespace ExpEther.Qemu.Tests.Monitors;

/// <summary>
/// QEMU's end of a monitor, told what to say: real sockets, one client at a time, as QEMU has it. Commands are answered by <see cref="Answer"/>.
/// </summary>
internal sealed class ScriptedMonitor(string path) : IDisposable
{
    private readonly byte[] _bytes = new byte[65536];
    private readonly StringBuilder _input = new();
    private UnixListener? _listener;
    private UnixConnection? _client;

    /// <summary>What QEMU 11.1.3 greets with.</summary>
    public string Greeting { get; set; } =
        """{"QMP": {"version": {"qemu": {"micro": 3, "minor": 1, "major": 11}, "package": "test"}, "capabilities": ["oob"]}}""";

    /// <summary>Makes the answer to a command and its arguments: a "return" or "error" member; null: silence.</summary>
    public Func<string, JsonElement, JsonObject?> Answer { get; set; } = (_, _) => Done();

    /// <summary>Where commands go instead, to be answered by <see cref="Reply"/>.</summary>
    public Action<string, JsonElement, long>? Deferred { get; init; }

    /// <summary>What becomes of a line on its way out; null: it goes as it is.</summary>
    public Func<byte[], byte[]>? Tamper { get; set; }

    public List<(string Command, JsonElement Arguments)> Commands { get; } = [];

    /// <summary>It reads nothing and says nothing, as while QEMU waits for something else.</summary>
    public bool IsDeaf { get; set; }

    public bool IsConnected => _client is not null;

    public int Connections { get; private set; }

    public static JsonObject Done(JsonNode? value = null) => new() { ["return"] = value ?? new JsonObject() };

    public static JsonObject Error(string kind, string text) => new() { ["error"] = new JsonObject { ["class"] = kind, ["desc"] = text } };

    public int CountOf(string command) => Commands.Count(c => c.Command == command);

    /// <summary>QEMU starts.</summary>
    public void Listen() => _listener = new UnixListener(path);

    /// <summary>QEMU ends.</summary>
    public void End()
    {
        Hangup();
        _listener?.Dispose();
        _listener = null;
    }

    public void Hangup()
    {
        _client?.Dispose();
        _client = null;
        _input.Clear();
    }

    public void Send(string text)
    {
        var bytes = Tamper?.Invoke(Encoding.UTF8.GetBytes(text)) ?? Encoding.UTF8.GetBytes(text);
        Assert.Equal(StreamStatus.Moved, _client!.TrySend(bytes, out var sent));
        Assert.Equal(bytes.Length, sent);
    }

    public void Reply(JsonObject answer, long id)
    {
        if (IsConnected)
        {
            answer["id"] = id;
            Send(answer.ToJsonString() + "\r\n");
        }
    }

    public void SendEvent(string name, JsonObject? data = null) => SendIfConnected(
        new JsonObject { ["event"] = name, ["data"] = data ?? [], ["timestamp"] = new JsonObject { ["seconds"] = 1 } }.ToJsonString() + "\r\n");

    public void Poll()
    {
        if (IsDeaf)
        {
            return;
        }

        if (_client is null && _listener?.TryAccept(out _client) == true)
        {
            Connections++;
            if (Greeting.Length > 0)
            {
                Send(Greeting + "\r\n");
            }
        }

        while (_client?.TryReceive(_bytes, out var count) is { } status && status != StreamStatus.WouldBlock)
        {
            if (status == StreamStatus.Closed)
            {
                Hangup();
                return;
            }

            _input.Append(Encoding.UTF8.GetString(_bytes, 0, count));
        }

        var lines = _input.ToString().Split('\n');
        _input.Clear().Append(lines[^1]);
        foreach (var line in lines[..^1])
        {
            OnCommand(JsonElement.Parse(line));
        }
    }

    public void Dispose() => End();

    private void SendIfConnected(string text)
    {
        if (IsConnected)
        {
            Send(text);
        }
    }

    private void OnCommand(JsonElement command)
    {
        var name = command.GetProperty("execute").GetString()!;
        var arguments = command.TryGetProperty("arguments", out var given) ? given : default;
        Commands.Add((name, arguments));
        var id = command.GetProperty("id").GetInt64();
        if (Deferred is not null)
        {
            Deferred(name, arguments, id);
        }
        else if (Answer(name, arguments) is { } answer)
        {
            Reply(answer, id);
        }
    }
}
