using ExpEther.Linux.Sockets;
using ExpEther.VfioUser.Sessions;

namespace ExpEther.VfioUser.Tests.Keeping;

/// <summary>
/// A client's socket as the kernel keeps it: each send whole or not at all, receives of as many whole sends as there are and fit. After every call, and
/// before it is returned from, the process may be killed.
/// </summary>
internal sealed class KillTransport(IReadOnlyList<byte[]> messages, Random random, Action onCall) : IClientTransport
{
    private readonly List<byte[]> _replies = [];

    /// <summary>How many of the client's messages have been received.</summary>
    public int Taken { get; set; }

    /// <summary>How many of them have been sent.</summary>
    public int Sent { get; set; }

    /// <summary>How readily the client reads.</summary>
    public int ReadPercent { get; set; } = 100;

    /// <summary>What was sent to the client.</summary>
    public List<byte[]> Replies => _replies;

    public StreamStatus TryReceive(Span<byte> into, ReceivedDescriptors descriptors, out int bytes)
    {
        bytes = 0;
        var most = random.Next(1, 6);
        for (var i = 0; i < most && Taken < Sent && messages[Taken].Length <= into.Length - bytes; i++)
        {
            messages[Taken].CopyTo(into[bytes..]);
            bytes += messages[Taken++].Length;
        }

        onCall();
        return bytes > 0 ? StreamStatus.Moved : StreamStatus.WouldBlock;
    }

    public StreamStatus TrySend(ReadOnlySpan<byte> from, out int bytes)
    {
        bytes = random.Next(100) < ReadPercent ? from.Length : 0;
        if (bytes > 0)
        {
            _replies.Add(from.ToArray());
        }

        onCall();
        return bytes > 0 ? StreamStatus.Moved : StreamStatus.WouldBlock;
    }

    public void Dispose()
    {
    }
}
