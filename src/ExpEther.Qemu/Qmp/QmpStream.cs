using ExpEther.Linux.Sockets;

namespace ExpEther.Qemu.Qmp;

/// <summary>A connection as lines in and lines out, both bounded.</summary>
internal sealed class QmpStream(UnixConnection connection) : IDisposable
{
    private const int LineBytesAtFirst = 4096;

    private byte[] _input = new byte[LineBytesAtFirst];
    private int _inputStart;
    private int _inputEnd;
    private int _scanned;
    private byte[] _output = new byte[LineBytesAtFirst];
    private int _outputBytes;

    public int FileDescriptor => connection.FileDescriptor;

    /// <summary>Why it is of no further use; null while it is.</summary>
    public string? Fault { get; private set; }

    /// <summary>The fault is what the peer sent.</summary>
    public bool IsViolated { get; private set; }

    public bool WantsToWrite => _outputBytes > 0;

    /// <summary>Moves what can be moved, within the limit of a turn.</summary>
    /// <returns>True when bytes moved.</returns>
    public bool Move() => Receive() | Send();

    /// <summary>Takes the next whole line, without its end. Valid until the next call.</summary>
    public bool TryTakeLine(out ReadOnlySpan<byte> line)
    {
        var end = _input.AsSpan(_scanned, _inputEnd - _scanned).IndexOf((byte)'\n');
        if (end < 0)
        {
            _scanned = _inputEnd;
            line = default;
            return false;
        }

        line = _input.AsSpan(_inputStart, _scanned + end - _inputStart).TrimEnd((byte)'\r');
        _inputStart = _scanned + end + 1;
        _scanned = _inputStart;
        return true;
    }

    /// <summary>Queues a line, its end included.</summary>
    /// <returns>False: too much waits already.</returns>
    public bool TryQueue(ReadOnlySpan<byte> line)
    {
        if (_outputBytes + line.Length > QemuLimits.QmpOutputBytesMax)
        {
            return false;
        }

        if (_outputBytes + line.Length > _output.Length)
        {
            Array.Resize(ref _output, Math.Max(_output.Length * 2, _outputBytes + line.Length));
        }

        line.CopyTo(_output.AsSpan(_outputBytes));
        _outputBytes += line.Length;
        return true;
    }

    public void Dispose() => connection.Dispose();

    private bool Receive()
    {
        var total = 0;
        while (Fault is null && total < QemuLimits.QmpTurnBytesMax && MakeRoom())
        {
            var status = connection.TryReceive(_input.AsSpan(_inputEnd), out var bytes);
            if (status == StreamStatus.WouldBlock)
            {
                break;
            }

            if (status == StreamStatus.Closed)
            {
                Fault = "it closed the connection";
                break;
            }

            _inputEnd += bytes;
            total += bytes;
            if (_input.AsSpan(_scanned, _inputEnd - _scanned).Contains((byte)'\n'))
            {
                // The whole lines first: they may be the last words before the connection closes.
                break;
            }
        }

        return total > 0 || Fault is not null;
    }

    private bool MakeRoom()
    {
        if (_inputEnd < _input.Length)
        {
            return true;
        }

        var count = _inputEnd - _inputStart;
        if (count == QemuLimits.QmpLineBytesMax)
        {
            Fault = $"it sent a line of more than {QemuLimits.QmpLineBytesMax} bytes";
            IsViolated = true;
            return false;
        }

        var into = count > _input.Length / 2 ? new byte[Math.Min(_input.Length * 2, QemuLimits.QmpLineBytesMax)] : _input;
        _input.AsSpan(_inputStart, count).CopyTo(into);
        (_input, _scanned, _inputStart, _inputEnd) = (into, _scanned - _inputStart, 0, count);
        return true;
    }

    private bool Send()
    {
        if (_outputBytes == 0 || Fault is not null)
        {
            return false;
        }

        switch (connection.TrySend(_output.AsSpan(0, _outputBytes), out var bytes))
        {
            case StreamStatus.Moved:
                _output.AsSpan(bytes, _outputBytes - bytes).CopyTo(_output);
                _outputBytes -= bytes;
                return true;
            case StreamStatus.Closed:
                Fault = "it closed the connection";
                return true;
            default:
                return false;
        }
    }
}
