using System.Buffers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ExpEther.Daemon.Control;

/// <summary>
/// The client's side of the control socket. One call at a time per client; open several clients for several calls at once.
/// Every failure is a <see cref="ControlException"/>.
/// </summary>
public sealed class ControlClient : IDisposable
{
    private readonly Socket _socket;
    private readonly string _path;
    private readonly byte[] _buffer = new byte[ControlLimits.LineBytesMax];
    private int _start;
    private int _end;
    private int _lastId;

    private ControlClient(Socket socket, string path)
    {
        _socket = socket;
        _path = path;
    }

    /// <exception cref="ControlException">No daemon listens there, or one of another user (<see cref="ControlTrust"/>).</exception>
    public static async Task<ControlClient> ConnectAsync(string path, CancellationToken cancel = default)
    {
        ControlTrust.CheckFile(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            ControlTrust.CheckPeer(socket, path);
            return new ControlClient(socket, path);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            socket.Dispose();
            throw new ControlException(
                ControlErrorCode.NotReachable, $"no daemon answers at {path}: {(File.Exists(path) ? e.Message : "there is no such socket")}",
                "start the daemon, or name its socket by --socket PATH");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Makes a call and waits for its end.</summary>
    /// <param name="command">Its name.</param>
    /// <param name="arguments">Null: none.</param>
    /// <param name="onProgress">Called for every progress line.</param>
    /// <param name="onData">Called for every piece of raw data; the memory is valid during the call only.</param>
    /// <param name="upload">Raw data to send with the call, to the stream's end.</param>
    /// <param name="cancel">Ends the wait; the connection is of no use afterwards.</param>
    public async Task<JsonObject> CallAsync(
        string command,
        JsonObject? arguments = null,
        Action<JsonObject>? onProgress = null,
        Func<ReadOnlyMemory<byte>, ValueTask>? onData = null,
        Stream? upload = null,
        CancellationToken cancel = default)
    {
        var id = ++_lastId;
        try
        {
            await SendLineAsync(new JsonObject { ["id"] = id, ["command"] = command, ["arguments"] = arguments ?? [] }, cancel);
            if (upload is null)
            {
                return await AnswerAsync(id, onProgress, onData, cancel);
            }

            using var answered = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var sending = SendDataAsync(id, upload, answered.Token);
            try
            {
                return await AnswerAsync(id, onProgress, onData, cancel);
            }
            finally
            {
                // An answer before all data was taken means that the daemon wants no more.
                await answered.CancelAsync();
                await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        catch (Exception e) when (e is SocketException or IOException or JsonException or ObjectDisposedException)
        {
            throw new ControlException(
                ControlErrorCode.ConnectionLost, $"the daemon at {_path} went away during '{command}': {e.Message}", "look into its log, start it again");
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task<JsonObject> AnswerAsync(int id, Action<JsonObject>? onProgress, Func<ReadOnlyMemory<byte>, ValueTask>? onData, CancellationToken cancel)
    {
        while (true)
        {
            var line = await ReceiveLineAsync(cancel);
            if (line["error"] is JsonObject error)
            {
                throw new ControlException(ControlError.Of(error));
            }

            if (line["id"]?.GetValueKind() != JsonValueKind.Number || line["id"]!.GetValue<int>() != id)
            {
                continue;
            }

            if (line["progress"] is JsonObject progress)
            {
                onProgress?.Invoke(progress);
            }
            else if (line["data"] is JsonValue data)
            {
                await ReceiveDataAsync(data.GetValue<int>(), onData, cancel);
            }
            else
            {
                return line["result"] as JsonObject ?? [];
            }
        }
    }

    private async Task SendDataAsync(int id, Stream upload, CancellationToken cancel)
    {
        var piece = ArrayPool<byte>.Shared.Rent(256 << 10);
        try
        {
            int got;
            do
            {
                got = await upload.ReadAsync(piece.AsMemory(0, 256 << 10), cancel);
                await SendLineAsync(new JsonObject { ["id"] = id, ["data"] = got }, cancel);
                await SendAsync(piece.AsMemory(0, got), cancel);
            }
            while (got > 0);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }

    private Task SendLineAsync(JsonObject line, CancellationToken cancel) => SendAsync(Encoding.UTF8.GetBytes(line.ToJsonString() + "\n"), cancel);

    private async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None, cancel)..];
        }
    }

    private async Task<JsonObject> ReceiveLineAsync(CancellationToken cancel)
    {
        using var line = new MemoryStream();
        while (true)
        {
            var end = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (end >= 0)
            {
                line.Write(_buffer, _start, end);
                _start += end + 1;
                return JsonNode.Parse(line.GetBuffer().AsSpan(0, (int)line.Length)) as JsonObject ?? [];
            }

            line.Write(_buffer, _start, _end - _start);
            await FillAsync(cancel);
        }
    }

    private async Task ReceiveDataAsync(int bytes, Func<ReadOnlyMemory<byte>, ValueTask>? onData, CancellationToken cancel)
    {
        while (bytes > 0)
        {
            if (_start == _end)
            {
                await FillAsync(cancel);
            }

            var take = Math.Min(bytes, _end - _start);
            if (onData is not null)
            {
                await onData(_buffer.AsMemory(_start, take));
            }

            _start += take;
            bytes -= take;
        }
    }

    private async Task FillAsync(CancellationToken cancel)
    {
        _start = 0;
        _end = await _socket.ReceiveAsync(_buffer.AsMemory(), SocketFlags.None, cancel);
        if (_end == 0)
        {
            throw new IOException("the connection was closed");
        }
    }
}
