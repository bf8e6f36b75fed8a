using ExpEther.Linux.Native;

namespace ExpEther.Linux.Sockets;

/// <summary>Who is at the other end of a UNIX socket, as the kernel noted it (SO_PEERCRED): for a listener at connect, for a client at listen.</summary>
public readonly record struct PeerCredentials(int ProcessId, uint UserId, uint GroupId)
{
    /// <param name="socket">A connected UNIX socket's descriptor.</param>
    /// <exception cref="LinuxException">It is none.</exception>
    public static unsafe PeerCredentials Of(int socket)
    {
        var credentials = default(Ucred);
        var length = (uint)sizeof(Ucred);
        return Libc.getsockopt(socket, SocketConstants.SOL_SOCKET, SocketConstants.SO_PEERCRED, &credentials, &length) == 0
            ? new PeerCredentials(credentials.Pid, credentials.Uid, credentials.Gid)
            : throw LinuxException.Last("getsockopt SO_PEERCRED");
    }
}
