using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace ExpEther.Daemon.Control;

/// <summary>
/// The client's side of the control socket. One call at a time per client; open several clients for several calls at once.
/// Every failure of the daemon's is a <see cref="ControlException"/>; what a callback or the upload's stream throws goes to the caller as it is.
/// </summary>
public sealed class ControlClient : IDisposable
{
    private const int PieceBytes = 256 << 10;

    private readonly Socket _socket;
    private readonly string _path;
    private readonly bool _asksWhenSilent;
    private readonly byte[] _buffer = new byte[ControlLimits.LineBytesMax];
    private int _start;
    private int _end;
    private int _lastId;
    private string _command = "";

    private ControlClient(Socket socket, string path, bool asksWhenSilent)
    {
        _socket = socket;
        _path = path;
        _asksWhenSilent = asksWhenSilent;
    }

    /// <inheritdoc cref="ConnectAsync(string, bool, CancellationToken)"/>
    public static Task<ControlClient> ConnectAsync(string path, CancellationToken cancel = default) => ConnectAsync(path, asksWhenSilent: true, cancel);

    /// <param name="path">Of the control socket.</param>
    /// <param name="asksWhenSilent">
    /// Whether a daemon that says nothing for <see cref="ControlLimits.SilenceSecondsMax"/> is asked on a connection of its own whether it works.
    /// Not for a server that serves one connection after the other.
    /// </param>
    /// <param name="cancel">Ends the attempt.</param>
    /// <exception cref="ControlException">No daemon listens there, one of another user (<see cref="ControlTrust"/>), or one that takes no more.</exception>
    public static async Task<ControlClient> ConnectAsync(string path, bool asksWhenSilent, CancellationToken cancel)
    {
        ControlTrust.CheckFile(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            ControlTrust.CheckPeer(socket, path);
            return new ControlClient(socket, path, asksWhenSilent);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.TryAgain)
        {
            socket.Dispose();
            throw new ControlException(
                ControlErrorCode.NotAnswering, $"the daemon at {path} takes no more connections: it is stopped, or hangs",
                "see its log; is it stopped (SIGSTOP)?");
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
        _command = command;
        await SendLineAsync(new JsonObject { ["id"] = id, ["command"] = command, ["arguments"] = arguments ?? [] }, cancel);
        if (upload is null)
        {
            return await AnswerAsync(id, onProgress, onData, cancel);
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var sending = SendDataAsync(id, upload, over.Token, cancel);
        var answer = AnswerAsync(id, onProgress, onData, over.Token);
        try
        {
            // What cannot be read ends the call; a connection that takes no more may have an answer to tell why.
            if (await Task.WhenAny(sending, answer) == sending && sending is { IsFaulted: true, Exception.InnerException: not ControlException })
            {
                await sending;
            }

            return await answer;
        }
        finally
        {
            // An answer before all data was taken means that the daemon wants no more. A piece that was announced is sent to its end.
            await over.CancelAsync();
            await sending.WaitAsync(TimeSpan.FromSeconds(ControlLimits.PulseSecondsMax), cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await ((Task)answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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

            if (line.WholeOf("id") != id)
            {
                continue;
            }

            if (line["progress"] is JsonObject progress)
            {
                onProgress?.Invoke(progress);
            }
            else if (line.ContainsKey("data"))
            {
                if (line.WholeOf("data") is not (>= 0 and <= ControlLimits.DataBytesMax and var bytes))
                {
                    throw Babbles();
                }

                await ReceiveDataAsync((int)bytes, onData, cancel);
            }
            else
            {
                return line["result"] as JsonObject ?? [];
            }
        }
    }

    private async Task SendDataAsync(int id, Stream upload, CancellationToken enough, CancellationToken cancel)
    {
        // Not from a pool: a read of a terminal cannot be ended, only left alone with its buffer.
        var piece = new byte[PieceBytes];
        int got;
        do
        {
            got = await upload.ReadAsync(piece, enough).AsTask().WaitAsync(enough);
            await SendLineAsync(new JsonObject { ["id"] = id, ["data"] = got }, cancel);
            await SendAsync(piece.AsMemory(0, got), cancel);
        }
        while (got > 0);
    }

    private Task SendLineAsync(JsonObject line, CancellationToken cancel) => SendAsync(Encoding.UTF8.GetBytes(line.ToJsonString() + "\n"), cancel);

    private async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        try
        {
            while (bytes.Length > 0)
            {
                bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None, cancel)..];
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw Lost(e.Message);
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
                return StrictJson.TryParseObject(line.GetBuffer().AsSpan(0, (int)line.Length), ControlLimits.AnswerDepthMax, out var json)
                    ? json
                    : throw Babbles();
            }

            line.Write(_buffer, _start, _end - _start);
            if (line.Length > ControlLimits.AnswerBytesMax)
            {
                throw Babbles();
            }

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
        _end = 0;
        try
        {
            var receiving = _socket.ReceiveAsync(_buffer.AsMemory(), SocketFlags.None, cancel);
            _end = receiving.IsCompletedSuccessfully ? receiving.Result : await PatientlyAsync(receiving.AsTask(), cancel);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw Lost(e.Message);
        }

        if (_end == 0)
        {
            throw Lost("the connection was closed");
        }
    }

    private async Task<int> PatientlyAsync(Task<int> receiving, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                return await receiving.WaitAsync(TimeSpan.FromSeconds(ControlLimits.SilenceSecondsMax), cancel);
            }
            catch (TimeoutException) when (!receiving.IsCompleted)
            {
                if (_asksWhenSilent && !await DaemonPulse.IsThereAsync(_path, cancel) && !receiving.IsCompleted)
                {
                    throw DaemonPulse.Missing(_socket, _path, _command);
                }
            }
        }
    }

    private ControlException Lost(string why) => new(
        ControlErrorCode.ConnectionLost, $"the daemon at {_path} went away during '{_command}': {why}", "look into its log, start it again");

    private ControlException Babbles() => new(
        ControlErrorCode.ConnectionLost, $"what answers '{_command}' at {_path} does not speak the control protocol",
        "is it a daemon of this version of expether?");
}
