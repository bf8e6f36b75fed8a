using System.Buffers.Text;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Guests;

/// <summary>
/// Runs commands in a guest: the client of the agent on its second serial port. Lines both ways (lab/README.md): we say <c>ping ID</c>,
/// <c>run ID COMMAND</c> and <c>kill ID SIGNAL</c>, the agent <c>pong ID</c>, <c>out ID DATA</c>, <c>end ID CODE</c> and <c>bad ID WHY</c>; commands and
/// data are base64. IDs are chance, so that what a client before us left behind is not taken for ours. One command at a time per client; QEMU serves
/// one client of a serial port, the next waits.
/// </summary>
internal sealed class GuestShell : IDisposable
{
    private readonly Socket _socket;
    private readonly string _name;
    private readonly byte[] _buffer = new byte[GuestLimits.LineBytesMax];
    private int _start;
    private int _end;

    private GuestShell(Socket socket, string name)
    {
        _socket = socket;
        _name = name;
    }

    /// <summary>Waits until the agent answers, for as long as the caller does.</summary>
    /// <param name="name">The guest's, for messages.</param>
    /// <param name="path">Its <see cref="GuestOptions.ShellSocket"/>.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="LabFailure">The guest does not run.</exception>
    public static async Task<GuestShell> ConnectAsync(string name, string path, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var shell = new GuestShell(socket, name);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            await shell.PingAsync(cancel);
            return shell;
        }
        catch (Exception e)
        {
            shell.Dispose();
            throw e is SocketException ? new LabFailure("guest-off", $"{name} does not run: {e.Message}", "see `expether lab status`") : e;
        }
    }

    /// <summary>Runs a command and hands on what it prints, stdout and stderr as they come.</summary>
    /// <param name="command">For the guest's <c>sh -c</c>.</param>
    /// <param name="onOutput">Its memory is valid during the call.</param>
    /// <param name="cancel">Ends the command in the guest too, as an IOException of <paramref name="onOutput"/> does.</param>
    /// <returns>Its exit code.</returns>
    /// <exception cref="LabFailure">The guest went away, or its agent refuses.</exception>
    public async Task<int> RunAsync(string command, Func<ReadOnlyMemory<byte>, ValueTask> onOutput, CancellationToken cancel)
    {
        var bytes = Encoding.UTF8.GetBytes(command);
        if (bytes.Length is 0 or > GuestLimits.CommandBytesMax)
        {
            throw new LabFailure("bad-argument", $"a command has 1 to {GuestLimits.CommandBytesMax} bytes", "put the rest into a file of the guest's");
        }

        var id = NewId();
        try
        {
            await SendAsync($"run {id} {Convert.ToBase64String(bytes)}\n", cancel);
            while (true)
            {
                var (verb, rest) = await AnswerAsync(id, cancel);
                switch (verb)
                {
                    case "out" when Base64.IsValid(rest):
                        await onOutput(Convert.FromBase64String(rest));
                        break;
                    case "end" when int.TryParse(rest, NumberStyles.None, CultureInfo.InvariantCulture, out var code):
                        return code;
                    case "bad":
                        throw new LabFailure("guest-refuses", $"{_name} does not run the command: {rest}", "");
                    default:
                        throw new LabFailure(
                            "guest-babbles", $"{_name}'s agent says '{verb} {rest}'", "is its initramfs that of this program? make lab-assets");
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // IOException: what it prints is wanted no more.
            await SendAsync($"kill {id} TERM\n", CancellationToken.None);
            throw;
        }
    }

    /// <summary>Runs a command and returns all that it printed.</summary>
    public async Task<(int Code, string Output)> AskAsync(string command, CancellationToken cancel)
    {
        using var output = new MemoryStream();
        var code = await RunAsync(
            command,
            data =>
            {
                if (output.Length + data.Length > GuestLimits.OutputBytesMax)
                {
                    throw new LabFailure("too-much-output", $"`{command}` in {_name} prints more than {GuestLimits.OutputBytesMax} bytes", "");
                }

                output.Write(data.Span);
                return ValueTask.CompletedTask;
            },
            cancel);
        return (code, Encoding.UTF8.GetString(output.GetBuffer(), 0, (int)output.Length));
    }

    /// <summary>Words as one command line of a shell: each arrives as it is.</summary>
    public static string Quote(IEnumerable<string> words) => string.Join(' ', words.Select(word =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./=:,+@%".Contains(c)) ? word : $"'{word.Replace("'", "'\\''")}'"));

    public void Dispose() => _socket.Dispose();

    private static string NewId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));

    /// <summary>What is sent before the agent opened its serial port is lost, so it is asked again and again.</summary>
    private async Task PingAsync(CancellationToken cancel)
    {
        var id = NewId();
        var answer = PongAsync(id, cancel);
        while (!answer.IsCompleted)
        {
            // The line's end first: whoever was here before may have left half a line.
            await SendAsync($"\nping {id}\n", cancel);
            await Task.WhenAny(answer, Task.Delay(GuestLimits.PingMilliseconds, cancel));
            cancel.ThrowIfCancellationRequested();
        }

        await answer;
    }

    /// <summary>A port that the agent has not opened yet echoes what it is sent, with bytes missing where too much came: <c>ing ID</c> is no answer.</summary>
    private async Task PongAsync(string id, CancellationToken cancel)
    {
        while ((await AnswerAsync(id, cancel)).Verb != "pong")
        {
        }
    }

    /// <summary>The next line about an ID; lines about others are of clients before us.</summary>
    private async Task<(string Verb, string Argument)> AnswerAsync(string id, CancellationToken cancel)
    {
        while (true)
        {
            var words = (await LineAsync(cancel)).Split(' ', 3);
            if (words.Length >= 2 && words[1] == id && words[0] != "ping")
            {
                return (words[0], words.Length == 3 ? words[2] : "");
            }
        }
    }

    private async Task<string> LineAsync(CancellationToken cancel)
    {
        while (true)
        {
            var end = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = Encoding.ASCII.GetString(_buffer, _start, end).TrimEnd('\r');
                _start += end + 1;
                return line;
            }

            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            if (_end == _buffer.Length)
            {
                // No line of the agent's: a kernel that speaks on the wrong port, or noise.
                _end = 0;
            }

            int got;
            try
            {
                got = await _socket.ReceiveAsync(_buffer.AsMemory(_end), SocketFlags.None, cancel);
            }
            catch (SocketException)
            {
                got = 0;
            }

            if (got == 0)
            {
                throw new LabFailure("guest-gone", $"{_name} went away", "see `expether lab status`");
            }

            _end += got;
        }
    }

    private async Task SendAsync(string text, CancellationToken cancel)
    {
        try
        {
            ReadOnlyMemory<byte> bytes = Encoding.ASCII.GetBytes(text);
            while (bytes.Length > 0)
            {
                bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None, cancel)..];
            }
        }
        catch (SocketException)
        {
            throw new LabFailure("guest-gone", $"{_name} went away", "see `expether lab status`");
        }
    }
}
