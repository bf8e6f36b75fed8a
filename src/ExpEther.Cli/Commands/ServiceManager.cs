using System.Net.Sockets;

namespace ExpEther.Cli.Commands;

/// <summary>Tells systemd, if it asked to be told, that a daemon is ready (sd_notify(3)): units ordered after it start then.</summary>
internal static class ServiceManager
{
    private const string Variable = "NOTIFY_SOCKET";

    public static void TellReady()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 1 } path)
        {
            return;
        }

        // Not for what the daemon starts.
        Environment.SetEnvironmentVariable(Variable, null);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            // An abstract socket's name begins with a zero, written as '@'.
            socket.SendTo("READY=1"u8, new UnixDomainSocketEndPoint(path[0] == '@' ? $"\0{path[1..]}" : path));
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            // Whoever waits for it will say so; the daemon works.
        }
    }
}
