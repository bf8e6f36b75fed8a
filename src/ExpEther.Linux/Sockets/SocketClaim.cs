using ExpEther.Linux.Files;

namespace ExpEther.Linux.Sockets;

/// <summary>
/// The right to make a socket at a path, of one process for as long as it lives. Two that start in the same instant both find a left-over socket
/// dead, and each would remove what the other has made meanwhile; so a lock on the file <c>PATH.lock</c> comes first, and ends with its process,
/// however that ends. Nothing is written in that file, and it stays (<see cref="OwnerLock"/>).
/// </summary>
public sealed class SocketClaim : IDisposable
{
    private readonly OwnerLock _lock;

    /// <summary>Takes the path, and removes the socket that its last owner left there.</summary>
    /// <exception cref="LinuxException">
    /// EADDRINUSE: another has the path, or listens there; the message names it. EEXIST: something that is no socket is there. EACCES, EPERM, ENOENT: of
    /// the folder or the lock's file.
    /// </exception>
    public SocketClaim(string path)
    {
        _ = SocketFile.IsThere(path); // beside somebody's file no lock is made
        _lock = Take(path);
        try
        {
            SocketFile.RemoveLeftOver(path);
        }
        catch
        {
            _lock.Dispose();
            throw;
        }
    }

    private SocketClaim(OwnerLock taken) => _lock = taken;

    /// <summary>Takes the path with the socket that is there, which somebody handed over.</summary>
    /// <exception cref="LinuxException">
    /// EADDRINUSE: another has the path; the message names it. EACCES, EPERM, ENOENT: of the folder or the lock's file.
    /// </exception>
    public static SocketClaim OfSocketThere(string path) => new(Take(path));

    /// <summary>Another may make a socket there now: its own is to be removed before.</summary>
    public void Dispose() => _lock.Dispose();

    private static OwnerLock Take(string path)
    {
        var file = $"{path}.lock";
        try
        {
            return TakeLock(path, file);
        }
        catch (LinuxException e) when (e.Error == Errno.EACCES)
        {
            // Another user had the socket here before. One that still has it listens, and is found by that; a lock file without an owner goes as a
            // left-over socket does.
            SocketFile.RemoveLeftOver(path);
            if (!SocketFile.TryUnlink(file))
            {
                throw new LinuxException($"use {file}, which another user's process left behind: remove it", Errno.EACCES);
            }

            return TakeLock(path, file);
        }
    }

    private static OwnerLock TakeLock(string path, string file) =>
        OwnerLock.TryTake(file) ?? throw new LinuxException(
            $"{path} is in use by {LockHolder.Find(file)?.ToString() ?? "a process that cannot be seen from here"}", Errno.EADDRINUSE);
}
