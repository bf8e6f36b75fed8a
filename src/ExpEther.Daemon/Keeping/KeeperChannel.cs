using ExpEther.Linux;
using ExpEther.Linux.Accounts;
using ExpEther.Linux.Sockets;

namespace ExpEther.Daemon.Keeping;

/// <summary>
/// One end of a connection between a bridge and its keeper, nonblocking. A message goes as a whole or not at all: the kernel takes
/// so little in one piece.
/// </summary>
internal sealed class KeeperChannel(UnixConnection connection) : IDisposable
{
    private readonly byte[] _incoming = new byte[KeeperMessage.Bytes];
    private readonly byte[] _outgoing = new byte[KeeperMessage.Bytes];
    private int _received;

    public int FileDescriptor => connection.FileDescriptor;

    public int PeerProcess { get; } = connection.Peer.ProcessId;

    /// <summary>The other end is of the same user, or root's.</summary>
    public bool IsOfOurUser { get; } = connection.Peer.UserId is 0 || connection.Peer.UserId == PathOwner.OurUserId;

    /// <summary>The other end is gone, or does not take what it is sent, or sends what makes no sense.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>What came with the message taken last; whoever takes none of it leaves it to be closed.</summary>
    public ReceivedDescriptors Descriptors { get; } = new();

    /// <exception cref="LinuxException">Nobody listens there.</exception>
    public static KeeperChannel Connect(string path) => new(UnixConnection.Connect(path));

    /// <returns>False: it is broken.</returns>
    public bool TrySend(in KeeperMessage message, params ReadOnlySpan<int> descriptors)
    {
        if (IsBroken)
        {
            return false;
        }

        message.WriteTo(_outgoing);
        var status = descriptors.IsEmpty ? connection.TrySend(_outgoing, out var sent) : connection.TrySend(_outgoing, descriptors, out sent);
        IsBroken = status != StreamStatus.Moved || sent != KeeperMessage.Bytes;
        return !IsBroken;
    }

    /// <summary>Takes the next message that has come whole.</summary>
    public bool TryTake(out KeeperMessage message)
    {
        message = default;
        if (_received == KeeperMessage.Bytes)
        {
            Descriptors.CloseAll();
            _received = 0;
        }

        while (!IsBroken && _received < KeeperMessage.Bytes)
        {
            var status = connection.TryReceive(_incoming.AsSpan(_received), Descriptors, out var bytes);
            if (status == StreamStatus.WouldBlock)
            {
                return false;
            }

            IsBroken = status == StreamStatus.Closed;
            _received += bytes;
        }

        IsBroken |= !IsBroken && !KeeperMessage.TryParse(_incoming, out message);
        return !IsBroken;
    }

    public void Dispose()
    {
        Descriptors.Dispose();
        connection.Dispose();
    }
}
