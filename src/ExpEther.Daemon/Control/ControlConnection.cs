using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using ExpEther.Core.Scheduling;
using ExpEther.Core.Time;

namespace ExpEther.Daemon.Control;

/// <summary>
/// One client of the control socket.
/// <para>
/// Theory: it reads either a line or the raw bytes that a <c>data</c> line announced. Lines are requests; each starts its command and
/// answers carry its id, so several calls can run at once. Output is queued and written as the client reads. A client that breaks the
/// protocol is told and cut off; one that stops reading or trickles, stops in the middle of a line, or goes on sending data for a call that
/// has ended, is cut off after a while (<see cref="ControlLimits"/>). Nothing a client does makes the owner wait, and nothing it does lasts for
/// ever but an open connection and a call that it reads.
/// </para>
/// </summary>
internal sealed partial class ControlConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly IControlCommands _commands;
    private readonly OwnerScheduler _scheduler;
    private readonly Dictionary<string, ControlCall> _calls = [];
    private readonly OutputBuffer _output = new();
    private readonly byte[] _line = new byte[ControlLimits.LineBytesMax];
    private int _lineBytes;
    private int _lineScanned;
    private byte[]? _data;
    private int _dataBytes;
    private ControlCall? _dataCall;
    private long _strayBytes;
    private bool _isClosing;
    private Instant _inputSince;
    private Instant _outputSince;
    private Instant _drainSince;
    private int _drainBytes;

    public ControlConnection(Socket socket, IControlCommands commands, OwnerScheduler scheduler, Instant now)
    {
        _socket = socket;
        _socket.Blocking = false;
        _commands = commands;
        _scheduler = scheduler;
        LastHeard = now;
    }

    public bool IsClosed { get; private set; }

    public bool IsIdle => _calls.Count == 0 && OutputBytes == 0;

    public Instant LastHeard { get; private set; }

    public int OutputBytes => _output.Count;

    public int FileDescriptor => (int)_socket.Handle;

    public bool WantsToWrite => OutputBytes > 0;

    /// <summary>False while a command has enough of this client's data to digest.</summary>
    public bool WantsToRead => !_isClosing && _dataCall is not { IsFull: true };

    public Instant? NextDeadline
    {
        get
        {
            Instant? deadline = null;
            if (WantsToRead && (_lineBytes > 0 || _data is not null))
            {
                deadline = _inputSince + TimeSpan.FromSeconds(ControlLimits.InputSecondsMax);
            }

            if (WantsToWrite)
            {
                deadline = Instant.Earliest(deadline, _outputSince + TimeSpan.FromSeconds(ControlLimits.OutputSecondsMax));
                deadline = Instant.Earliest(deadline, _drainSince + TimeSpan.FromSeconds(ControlLimits.DrainSecondsMax));
            }

            return deadline;
        }
    }

    /// <returns>True when bytes moved.</returns>
    public bool Poll(Instant now)
    {
        if (!WantsToRead)
        {
            _inputSince = now; // what has begun waits for us, not for the client
        }

        var moved = WantsToRead && Read(now);
        moved |= Write(now);
        if (!IsClosed && (NextDeadline is { } deadline && now >= deadline || (_isClosing && OutputBytes == 0)))
        {
            Dispose();
        }

        return moved;
    }

    public void Send(JsonObject line) => Send(Utf8(line), []);

    public void Send(JsonObject line, ReadOnlySpan<byte> data) => Send(Utf8(line), data);

    private static byte[] Utf8(JsonObject line) => Encoding.UTF8.GetBytes(line.ToJsonString() + "\n");

    private void Send(ReadOnlySpan<byte> line, ReadOnlySpan<byte> data)
    {
        if (IsClosed)
        {
            return;
        }

        if (OutputBytes + data.Length > ControlLimits.OutputBytesMax)
        {
            Dispose();
            return;
        }

        if (OutputBytes == 0)
        {
            _outputSince = _scheduler.Now;
            _drainSince = _scheduler.Now;
            _drainBytes = line.Length + data.Length;
        }

        _output.Append(line);
        _output.Append(data);
    }

    public void Dispose()
    {
        if (IsClosed)
        {
            return;
        }

        IsClosed = true;
        _socket.Dispose();
        foreach (var call in _calls.Values.ToArray())
        {
            call.Abandon();
        }

        _dataCall?.Abandon();
    }

    private bool Read(Instant now)
    {
        var total = 0;
        while (total < ControlLimits.TurnBytesMax && WantsToRead && !IsClosed)
        {
            var into = _data is not null ? _data.AsSpan(_dataBytes) : _line.AsSpan(_lineBytes);
            var got = _socket.Receive(into, SocketFlags.None, out var error);
            if (error is SocketError.WouldBlock)
            {
                break;
            }

            if (error != SocketError.Success || got == 0)
            {
                Dispose();
                return true;
            }

            total += got;
            LastHeard = now;
            if (_lineBytes == 0 && _data is null)
            {
                _inputSince = now;
            }

            if (_data is not null)
            {
                _dataBytes += got;
                FinishData();
            }
            else
            {
                _lineBytes += got;
                TakeLines();
            }
        }

        return total > 0;
    }

    private void FinishData()
    {
        if (_data is { } data && _dataBytes == data.Length)
        {
            _data = null;
            _dataBytes = 0;
            _inputSince = LastHeard;
            if (_dataCall is { IsEnded: false, IsAbandoned: false })
            {
                _dataCall.Deliver(data);
            }
            else if ((_strayBytes += data.Length) > ControlLimits.StrayBytesMax)
            {
                Break(
                    ControlErrorCode.BadRequest, "data keep coming for a call that has ended",
                    "read the answers: an answer before the end of the data means that no more is wanted");
            }
        }
    }

    /// <summary>Takes whole lines out of the buffer, and what raw data follows them there.</summary>
    private void TakeLines()
    {
        var start = 0;
        while (!_isClosing && !IsClosed)
        {
            if (_data is not null)
            {
                var take = Math.Min(_lineBytes - start, _data.Length - _dataBytes);
                _line.AsSpan(start, take).CopyTo(_data.AsSpan(_dataBytes));
                _dataBytes += take;
                start += take;
                _lineScanned = start;
                FinishData();
                if (_data is not null)
                {
                    break;
                }
            }

            var end = _line.AsSpan(_lineScanned, _lineBytes - _lineScanned).IndexOf((byte)'\n');
            if (end < 0)
            {
                _lineScanned = _lineBytes;
                break;
            }

            var line = _line.AsMemory(start, _lineScanned + end - start);
            start = _lineScanned + end + 1;
            _lineScanned = start;
            _inputSince = LastHeard;
            OnLine(line.Span);
        }

        if (start > 0)
        {
            _line.AsSpan(start, _lineBytes - start).CopyTo(_line);
            _lineBytes -= start;
            _lineScanned -= start;
        }

        if (_lineBytes == _line.Length)
        {
            Break(
                ControlErrorCode.LineTooLong, $"a line is longer than {ControlLimits.LineBytesMax} bytes",
                "send bulk data as {\"id\":N,\"data\":BYTES} lines followed by raw bytes");
        }
    }

    /// <summary>Tells the client what it did wrong, and closes once it has read that.</summary>
    private void Break(string code, string message, string remedy)
    {
        Send(new JsonObject { ["id"] = null, ["error"] = new ControlError(code, message, remedy).ToJson() });
        _isClosing = true;
    }

    private bool Write(Instant now)
    {
        var total = 0;
        while (!IsClosed && OutputBytes > 0 && total < ControlLimits.TurnBytesMax)
        {
            var sent = _socket.Send(_output.Waiting[..Math.Min(OutputBytes, ControlLimits.TurnBytesMax)], SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
            {
                break;
            }

            if (error != SocketError.Success)
            {
                Dispose();
                return true;
            }

            _output.Take(sent);
            _outputSince = now;
            total += sent;
            _drainBytes -= sent;
            if (_drainBytes <= 0)
            {
                // What waited at that moment has been read; what waits now is the next to be.
                _drainSince = now;
                _drainBytes = OutputBytes;
            }
        }

        if (total > 0)
        {
            foreach (var call in _calls.Values)
            {
                call.Changed.Set();
            }
        }

        return total > 0;
    }
}
