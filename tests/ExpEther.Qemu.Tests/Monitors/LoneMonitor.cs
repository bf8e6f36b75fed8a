using System.Text;
using ExpEther.Linux.Sockets;

namespace ExpEther.Qemu.Tests.Monitors;

/// <summary>A test's own way into a QEMU's monitor, beside the machine's; never waits, for the machine has to work meanwhile.</summary>
internal sealed class LoneMonitor(string path) : IDisposable
{
    private readonly byte[] _buffer = new byte[65536];
    private readonly Queue<string> _answers = [];
    private readonly HashSet<string> _events = [];
    private UnixConnection? _connection;
    private string _rest = "";

    public string Path => path;

    /// <summary>The first one also connects; QEMU listens by then.</summary>
    public void Send(string command, string arguments)
    {
        if (_connection is null)
        {
            _connection = UnixConnection.Connect(path);
            Write("""{"execute":"qmp_capabilities","id":"negotiated"}""");
        }

        Write($$"""{"execute":"{{command}}","arguments":{{arguments}}}""");
    }

    /// <summary>The next answer; null: none yet.</summary>
    public string? TakeAnswer()
    {
        Receive();
        return _answers.TryDequeue(out var answer) ? answer : null;
    }

    public bool HasSeen(string name)
    {
        Receive();
        return _events.Contains(name);
    }

    public void Dispose() => _connection?.Dispose();

    private void Write(string line)
    {
        var bytes = Encoding.UTF8.GetBytes(line + "\n");
        Assert.Equal((StreamStatus.Moved, bytes.Length), (_connection!.TrySend(bytes, out var sent), sent));
    }

    private void Receive()
    {
        if (_connection!.TryReceive(_buffer, out var bytes) == StreamStatus.Moved)
        {
            _rest += Encoding.UTF8.GetString(_buffer, 0, bytes);
        }

        for (var end = _rest.IndexOf('\n'); end >= 0; end = _rest.IndexOf('\n'))
        {
            var line = _rest[..end];
            _rest = _rest[(end + 1)..];
            if (line.Contains("\"event\"", StringComparison.Ordinal))
            {
                _events.UnionWith(line.Split('"'));
            }
            else if (!line.Contains("\"QMP\"", StringComparison.Ordinal) && !line.Contains("negotiated", StringComparison.Ordinal))
            {
                _answers.Enqueue(line);
            }
        }
    }
}
