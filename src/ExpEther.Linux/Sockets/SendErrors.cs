namespace ExpEther.Linux.Sockets;

internal static class SendErrors
{
    public static SendStatus Status(Errno error) => error switch
    {
        Errno.EAGAIN or Errno.ENOBUFS or Errno.ENOMEM or Errno.EINTR => SendStatus.Full,
        Errno.EMSGSIZE => SendStatus.TooLong,
        Errno.ENETDOWN or Errno.ENXIO or Errno.ENODEV or Errno.ENETUNREACH or Errno.EHOSTUNREACH => SendStatus.Down,
        _ => SendStatus.Failed,
    };
}
