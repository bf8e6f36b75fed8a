using ExpEther.Linux.Sockets;

namespace ExpEther.Daemon.Keeping;

/// <summary>
/// A socket that a bridge listens on, in its keeper, which never accepts from it: while no bridge does, clients that connect wait in the socket's own
/// queue.
/// </summary>
internal sealed class KeptListener(long number, string path, ReceivedDescriptors descriptors) : IDisposable
{
    private readonly ReceivedDescriptors _descriptor = Own(descriptors);

    public long Number => number;

    public string Path => path;

    public int Descriptor => _descriptor[0];

    public void Dispose() => _descriptor.Dispose();

    private static ReceivedDescriptors Own(ReceivedDescriptors received)
    {
        var own = new ReceivedDescriptors();
        own.TryAdd(received.Take(0));
        return own;
    }
}
