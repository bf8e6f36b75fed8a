namespace ExpEther.VfioUser.Keeping;

/// <summary>
/// Another process that goes on with our clients' connections when this one ends, by whatever way. It never touches them before. No call waits or
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

    /// <summary>The connection has ended; there is nothing to go on with.</summary>
    void Release(long number);

    /// <summary>This process serves the connection no more, and will not touch it: the other one goes on at once.</summary>
    void GoOn(long number);
}
