using ExpEther.Linux.Native;

namespace ExpEther.Linux.Sockets;

internal static unsafe class SocketBuffers
{
    /// <summary>Asks for a receive buffer: past the system's limit with CAP_NET_ADMIN, else up to it.</summary>
    public static void SetReceive(int fd, int bytes) => Set(fd, SocketConstants.SO_RCVBUFFORCE, SocketConstants.SO_RCVBUF, bytes);

    /// <summary>Asks for a send buffer, likewise. Too large a one only makes the queue below longer.</summary>
    public static void SetSend(int fd, int bytes) => Set(fd, SocketConstants.SO_SNDBUFFORCE, SocketConstants.SO_SNDBUF, bytes);

    /// <summary>SO_ERROR: read and cleared.</summary>
    public static Errno TakeError(int fd)
    {
        int error;
        uint length = sizeof(int);
        return Libc.getsockopt(fd, SocketConstants.SOL_SOCKET, SocketConstants.SO_ERROR, &error, &length) == 0 ? (Errno)error : Libc.LastError;
    }

    private static void Set(int fd, int forced, int plain, int bytes)
    {
        if (Libc.setsockopt(fd, SocketConstants.SOL_SOCKET, forced, &bytes, sizeof(int)) < 0)
        {
            _ = Libc.setsockopt(fd, SocketConstants.SOL_SOCKET, plain, &bytes, sizeof(int));
        }
    }
}
