using System.Globalization;
using System.Net.Sockets;
using ExpEther.Linux.Sockets;

namespace ExpEther.Daemon.Control;

/// <summary>
/// Tells a daemon that works on something long from one that is stopped or hangs: a loop that turns answers <c>help</c> at once, on a
/// connection of its own, whatever its other calls wait for.
/// </summary>
internal static class DaemonPulse
{
    /// <returns>True also when the connection is closed without a word: that needs a loop that turns.</returns>
    public static async Task<bool> IsThereAsync(string path, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(ControlLimits.PulseSecondsMax));
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), limit.Token);
            await socket.SendAsync("""{"id":1,"command":"help"}"""u8.ToArray().Append((byte)'\n').ToArray(), SocketFlags.None, limit.Token);
            _ = await socket.ReceiveAsync(new byte[1], SocketFlags.None, limit.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return false;
        }
        catch (SocketException e)
        {
            // WouldBlock: its queue of connections is full. Everything else means that it ends, which its connections will tell.
            return e.SocketErrorCode is not (SocketError.WouldBlock or SocketError.TryAgain);
        }
    }

    /// <summary>What a command says of a daemon that does not answer.</summary>
    /// <param name="socket">Connected to it.</param>
    /// <param name="path">Of its control socket.</param>
    /// <param name="command">The call that is not answered.</param>
    public static ControlException Missing(Socket socket, string path, string command)
    {
        var pid = PeerCredentials.Of((int)socket.Handle).ProcessId;
        var seconds = ControlLimits.SilenceSecondsMax + ControlLimits.PulseSecondsMax;
        var silent = string.Create(CultureInfo.InvariantCulture, $"the daemon at {path} (process {pid}) has not answered '{command}' for {seconds} s");
        return IsStopped(pid)
            ? new ControlException(
                ControlErrorCode.NotAnswering, $"{silent}: it is stopped",
                $"let it go on with `kill -CONT {pid}`; it will carry out '{command}' then")
            : new ControlException(
                ControlErrorCode.NotAnswering, $"{silent}: it hangs, or the machine has no time for it",
                $"look into its log and at `expether stats --socket {path}`; it may still carry out '{command}'");
    }

    /// <summary>proc_pid_stat(5): the state follows the program's name, which is in parentheses and may hold anything.</summary>
    private static bool IsStopped(int pid)
    {
        try
        {
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
            var state = stat.AsSpan(stat.LastIndexOf(')') + 1).TrimStart();
            return state.Length > 0 && state[0] is 'T' or 't';
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
