namespace ExpEther.VfioUser.Keeping;

/// <summary>
/// Another process that goes on with our clients' connections when this one ends, by whatever way, and keeps open the sockets on which we listen, so
/// that clients which connect meanwhile wait for the next process. It never touches any of them before. No call waits or
/// fails: without such a process clients see their connections end with ours.
/// </summary>
public interface IConnectionKeeper
{
    /// <summary>A client has connected; nothing was received from it yet.</summary>
    /// <param name="name">Of its server, for reports.</param>
    /// <param name="connection">Descriptor of the connection; stays the caller's.</param>
    /// <param name="journal">Descriptor of its journal; stays the caller's.</param>
    /// <returns>A number for <see cref="Release"/>.</returns>
    long Hold(string name, int connection, int journal);

    /// <summary>A socket is listened on.</summary>
    /// <param name="path">Where it is bound.</param>
    /// <param name="listener">Its descriptor; stays the caller's.</param>
    /// <returns>A number for <see cref="Release"/>.</returns>
    long HoldListener(string path, int listener);

    /// <summary>A socket that an earlier process listened on there, with what waits to be accepted.</summary>
    /// <returns>Its descriptor, the caller's from now on; negative: there is none.</returns>
    int TakeListener(string path);

    /// <summary>The connection has ended, or the socket is listened on no more; there is nothing to go on with.</summary>
    void Release(long number);

    /// <summary>This process serves the connection no more, and will not touch it: the other one goes on at once.</summary>
    void GoOn(long number);
}
