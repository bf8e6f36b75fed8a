using ExpEther.Linux.Native;
using ExpEther.Linux.Polling;

namespace ExpEther.Linux.Sockets;

/// <summary>Messages that carry file descriptors: SCM_RIGHTS, unix(7).</summary>
public sealed unsafe partial class UnixConnection
{
    // CMSG_SPACE: a header and the descriptors, each 8-byte aligned.
    private const int RightsBytesMax = ControlHeaderBytes + (LinuxLimits.ReceivedDescriptorsMax * sizeof(int));
    private const int ControlHeaderBytes = 16;

    /// <summary>The peer has closed its end, whatever of it is still to be received.</summary>
    public bool IsPeerGone
    {
        get
        {
            var entry = new PollFd { Fd = _fd };
            var now = default(Timespec);
            return Libc.ppoll(&entry, 1, &now, null) == 1
                && ((PollEvents)entry.Revents & (PollEvents.HangUp | PollEvents.Error)) != PollEvents.None;
        }
    }

    /// <summary>
    /// Receives what has come in, and the descriptors that came with it. One call never goes past the message (the peer's one send) that
    /// brought descriptors: they belong to the last bytes received, which may follow bytes of earlier sends.
    /// </summary>
    /// <param name="into">Not empty.</param>
    /// <param name="descriptors">Gets them, close-on-exec.</param>
    /// <param name="bytes">How many bytes came.</param>
    /// <returns>Closed also when there were more descriptors than fit: those that came are closed, and what is missing makes the stream useless.</returns>
    public StreamStatus TryReceive(Span<byte> into, ReceivedDescriptors descriptors, out int bytes)
    {
        Check.That(into.Length > 0);
        var control = stackalloc ulong[RightsBytesMax / sizeof(ulong)];
        MessageHeader message;
        nint received;
        fixed (byte* buffer = into)
        {
            var vector = new IoVector { Base = buffer, Length = (nuint)into.Length };
            message = new MessageHeader { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = RightsBytesMax };
            received = Libc.recvmsg(_fd, &message, SocketConstants.MSG_CMSG_CLOEXEC);
        }

        bytes = (int)Math.Max(received, 0);
        if (received <= 0)
        {
            return received == 0 ? StreamStatus.Closed : StatusOfError();
        }

        if (message.ControlLength == 0 && (message.Flags & SocketConstants.MSG_CTRUNC) == 0)
        {
            return StreamStatus.Moved;
        }

        if (TakeRights((byte*)control, (int)message.ControlLength, descriptors) && (message.Flags & SocketConstants.MSG_CTRUNC) == 0)
        {
            return StreamStatus.Moved;
        }

        descriptors.CloseAll();
        return StreamStatus.Closed;
    }

    /// <summary>Sends bytes with descriptors, which go with the first of them; they stay the caller's.</summary>
    /// <param name="from">Not empty.</param>
    /// <param name="descriptors">At most <see cref="LinuxLimits.ReceivedDescriptorsMax"/>.</param>
    /// <param name="bytes">How much went; when it is not 0, so did the descriptors.</param>
    public StreamStatus TrySend(ReadOnlySpan<byte> from, ReadOnlySpan<int> descriptors, out int bytes)
    {
        Check.That(from.Length > 0 && descriptors.Length is > 0 and <= LinuxLimits.ReceivedDescriptorsMax);
        var control = stackalloc ulong[RightsBytesMax / sizeof(ulong)];
        var header = (ControlHeader*)control;
        var length = ControlHeaderBytes + (descriptors.Length * sizeof(int));
        header->Length = (nuint)length;
        header->Level = SocketConstants.SOL_SOCKET;
        header->Type = SocketConstants.SCM_RIGHTS;
        descriptors.CopyTo(new Span<int>(header + 1, descriptors.Length));
        nint sent;
        fixed (byte* buffer = from)
        {
            var vector = new IoVector { Base = buffer, Length = (nuint)from.Length };
            var message = new MessageHeader { Vectors = &vector, VectorCount = 1, Control = control, ControlLength = (nuint)((length + 7) & ~7) };
            sent = Libc.sendmsg(_fd, &message, SocketConstants.MSG_NOSIGNAL);
        }

        bytes = (int)Math.Max(sent, 0);
        return sent >= 0 ? StreamStatus.Moved : StatusOfError();
    }

    private static bool TakeRights(byte* control, int length, ReceivedDescriptors descriptors)
    {
        var isComplete = true;
        for (var at = 0; at + ControlHeaderBytes <= length;)
        {
            var header = (ControlHeader*)(control + at);
            var end = Math.Min((int)header->Length, length - at);
            if (end < ControlHeaderBytes)
            {
                break;
            }

            if (header->Level == SocketConstants.SOL_SOCKET && header->Type == SocketConstants.SCM_RIGHTS)
            {
                foreach (var descriptor in new ReadOnlySpan<int>(header + 1, (end - ControlHeaderBytes) / sizeof(int)))
                {
                    isComplete &= descriptors.TryAdd(descriptor);
                }
            }

            at += (end + 7) & ~7;
        }

        return isComplete;
    }
}
