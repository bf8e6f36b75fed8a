using ExpEther.Linux.Native;

namespace ExpEther.Linux.Files;

/// <summary>
/// A descriptor that a process is started with, by write(2): 1 is stdout, 2 is stderr. .NET's console streams hide that a pipe's reader has
/// gone, and throw in the midst of a log for everything else; here every error is a value.
/// </summary>
public static unsafe class StandardDescriptor
{
    public const int Output = 1;
    public const int Error = 2;

    /// <summary>Writes all of it, waiting where the reader is slow, also on a descriptor that another process made nonblocking.</summary>
    /// <returns>None, or why not all could be written: EPIPE, ENOSPC, EIO, EFBIG, EDQUOT, EBADF, …</returns>
    public static Errno Write(int descriptor, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            nint written;
            fixed (byte* start = bytes)
            {
                written = Libc.write(descriptor, start, (nuint)bytes.Length);
            }

            if (written > 0)
            {
                bytes = bytes[(int)written..];
                continue;
            }

            // write(2) of more than nothing returns 0 nowhere that is documented; EIO ends the loop that it would be.
            var error = written == 0 ? Errno.EIO : Libc.LastError;
            if (error == Errno.EAGAIN)
            {
                Wait(descriptor, PollOut);
            }
            else if (error != Errno.EINTR)
            {
                return error;
            }
        }

        return Errno.None;
    }

    /// <summary>Whether what is written to a pipe or socket is read by nobody any more. False for files and terminals.</summary>
    public static bool IsReaderGone(int descriptor)
    {
        var one = new PollFd { Fd = descriptor };
        var now = default(Timespec);
        return Libc.ppoll(&one, 1, &now, null) > 0 && (one.Revents & PollErr) != 0;
    }

    // poll.h
    private const short PollOut = 4;
    private const short PollErr = 8;

    private static void Wait(int descriptor, short events)
    {
        var one = new PollFd { Fd = descriptor, Events = events };
        _ = Libc.ppoll(&one, 1, null, null);
    }
}
