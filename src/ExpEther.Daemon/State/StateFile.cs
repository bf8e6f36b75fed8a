using System.Globalization;
using ExpEther.Linux;
using ExpEther.Linux.Files;

namespace ExpEther.Daemon.State;

/// <summary>
/// A file of a daemon's state in its envelope (<see cref="StateEnvelope"/>), with one owner.
/// <para>
/// Theory. <c>NAME.json</c> is replaced by rename, so it is locked by a second file, <c>NAME.json.lock</c>, which stays: it says for people who has
/// it, and once there is a state to lose also that. So a state that is gone altogether is told apart from one that never was.
/// A damaged file is never overwritten: <see cref="SetAside"/> renames it to <c>NAME.bad-1</c> and on.
/// </para>
/// </summary>
internal sealed class StateFile : IDisposable
{
    private const int BadFilesMax = 9;
    private const string Kept = "\nstate is kept\n";
    private readonly string _kind;
    private readonly int _bytesMax;
    private readonly OwnerLock _lock;
    private bool _isKept;

    /// <param name="folder">Made when it does not exist.</param>
    /// <param name="name">The file's, with <c>.json</c>.</param>
    /// <param name="kind">What the envelope calls the state.</param>
    /// <param name="bytesMax">A longer file is not read.</param>
    /// <exception cref="IOException">The folder cannot be made or written, or another process has the file; the message says which and what to do.</exception>
    public StateFile(string folder, string name, string kind, int bytesMax)
    {
        StateFolder.Make(folder);
        FilePath = Path.Combine(folder, name);
        (_kind, _bytesMax) = (kind, bytesMax);
        _lock = Take($"{FilePath}.lock");
        _isKept = _lock.Text.EndsWith(Kept, StringComparison.Ordinal);
        Sign();
    }

    public string FilePath { get; }

    public StateFileContent Read()
    {
        byte[] file;
        try
        {
            using var stream = new FileStream(FilePath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (stream.Length > _bytesMax)
            {
                return StateFileContent.Damaged(string.Create(
                    CultureInfo.InvariantCulture, $"it has {stream.Length} bytes, and such a file never has more than {_bytesMax}"));
            }

            file = new byte[stream.Length];
            stream.ReadExactly(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return _isKept
                ? new StateFileContent(StateFileCondition.Lost, 0, [], "it was there, and is gone")
                : new StateFileContent(StateFileCondition.Missing, 0, [], "");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return StateFileContent.Damaged($"it cannot be read: {e.Message}");
        }

        // A file that was cut to nothing has no version any more.
        if (file.Length > 0 && !StateEnvelope.IsWrapped(file))
        {
            return new StateFileContent(StateFileCondition.Unwrapped, 0, file, "");
        }

        var problem = StateEnvelope.TryOpen(file, _kind, out var version, out var state);
        return problem.Length > 0
            ? StateFileContent.Damaged(problem)
            : new StateFileContent(StateFileCondition.Whole, version, state.ToArray(), "");
    }

    /// <summary>Returns when the new state would survive a power failure.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    /// <exception cref="UnauthorizedAccessException">As above.</exception>
    public void Replace(int version, ReadOnlySpan<byte> state)
    {
        DurableFile.Replace(FilePath, StateEnvelope.Wrap(_kind, version, state));
        if (!_isKept)
        {
            _isKept = true;
            Sign();
        }
    }

    /// <summary>Renames the file out of the way; a file that is not there has nothing to keep.</summary>
    /// <returns>Its new path, or empty.</returns>
    /// <exception cref="IOException">It cannot be renamed, or there are as many such files as there may be.</exception>
    public string SetAside()
    {
        _isKept = false;
        if (!File.Exists(FilePath))
        {
            return "";
        }

        for (var number = 1; number <= BadFilesMax; number++)
        {
            var aside = Path.ChangeExtension(FilePath, string.Create(CultureInfo.InvariantCulture, $".bad-{number}"));
            if (!Path.Exists(aside))
            {
                DurableFile.Move(FilePath, aside, overwrite: false);
                return aside;
            }
        }

        throw new IOException(
            $"{FilePath} is damaged and cannot be kept aside: there are {BadFilesMax} files {Path.ChangeExtension(FilePath, ".bad-N")} already; "
            + "remove those that are not wanted");
    }

    public void Dispose() => _lock.Dispose();

    private static OwnerLock Take(string path)
    {
        OwnerLock? taken;
        try
        {
            taken = OwnerLock.TryTake(path);
        }
        catch (LinuxException e)
        {
            throw new IOException(
                $"the folder of key 'stateDirectory', {Path.GetDirectoryName(path)}, cannot be used: {e.Message}. Without it nothing that changes "
                + "would be kept: make it writable for this user, see that its disk is not full, or name another folder", e);
        }

        if (taken is not null)
        {
            return taken;
        }

        throw new IOException(
            $"{path[..^".lock".Length]} is in use by {LockHolder.Find(path)?.ToString() ?? Signature(path)}: a state has one owner. Stop that one "
            + "first, or give this one another 'name' or another 'stateDirectory'");
    }

    /// <summary>Of a holder that cannot be seen: another user's, or behind a file system of the network.</summary>
    private static string Signature(string path)
    {
        try
        {
            return File.ReadLines(path).FirstOrDefault() is { Length: > 0 } first
                ? $"a process that cannot be seen from here, which wrote: {new string([.. first.Select(each => char.IsControl(each) ? '?' : each)])}"
                : "a process that cannot be seen from here";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "a process that cannot be seen from here";
        }
    }

    private void Sign() => _lock.Write(
        string.Create(
            CultureInfo.InvariantCulture,
            $"process {Environment.ProcessId} on {Environment.MachineName}, since {DateTime.Now:yyyy-MM-dd HH:mm:ss}, "
            + $"{Path.GetFileName(Environment.ProcessPath)}")
        + (_isKept ? Kept : "\n"));
}
