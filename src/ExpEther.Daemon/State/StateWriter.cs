using ExpEther.Daemon.Loop;
using ExpEther.Linux.Polling;

namespace ExpEther.Daemon.State;

/// <summary>
/// Writes files of state on a thread of its own, since a disk takes milliseconds. Of what comes for one file faster than the disk takes it only the
/// newest is written; what cannot be written is tried again every second, and told.
/// </summary>
internal sealed class StateWriter : ILoopErrand, IDisposable
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(5);

    private readonly IEventSink _events;
    private readonly Thread _thread;
    private readonly Lock _lock = new();
    private readonly AutoResetEvent _more = new(false);
    private readonly EventFd _failed = new();
    private readonly Dictionary<string, byte[]> _waiting = [];
    private readonly List<StateFile> _files = [];
    private string? _failure;
    private bool _isEnding;

    /// <param name="events">Told, on the owner's thread, of what cannot be written.</param>
    public StateWriter(IEventSink events)
    {
        _events = events;
        _thread = new Thread(WriteAll) { IsBackground = true, Name = "state" };
        _thread.Start();
    }

    public int PollFileDescriptor => _failed.FileDescriptor;

    /// <summary>A file that this daemon has from now on, however often it is asked for.</summary>
    /// <inheritdoc cref="StateFile(string, string, string, int)"/>
    public StateFile Open(string folder, string name, string kind, int bytesMax)
    {
        if (_files.Find(each => each.FilePath == Path.Combine(folder, name)) is { } open)
        {
            return open;
        }

        var file = new StateFile(folder, name, kind, bytesMax);
        _files.Add(file);
        return file;
    }

    /// <summary>Starts to put content in place of a file's; returns at once.</summary>
    public void Write(string path, byte[] content)
    {
        lock (_lock)
        {
            _waiting[path] = content;
        }

        _more.Set();
    }

    public bool Poll()
    {
        _failed.Clear();
        if (Interlocked.Exchange(ref _failure, null) is not { } failure)
        {
            return false;
        }

        _events.Report(EventSeverity.Error, "state", $"{failure}; it is tried again, and until then a restart finds what was there before");
        return true;
    }

    /// <summary>Writes what still waits, then ends.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _isEnding, true);
        _more.Set();
        _thread.Join(EndTimeout);
        _files.ForEach(each => each.Dispose());
        _more.Dispose();
        _failed.Dispose();
    }

    private void WriteAll()
    {
        while (true)
        {
            var isEnding = Volatile.Read(ref _isEnding);
            if (TryTake() is not var (path, content))
            {
                if (isEnding)
                {
                    return;
                }

                _more.WaitOne();
                continue;
            }

            try
            {
                DurableFile.Replace(path, content);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                lock (_lock)
                {
                    _waiting.TryAdd(path, content);
                }

                Interlocked.Exchange(ref _failure, $"{path} cannot be written ({e.Message})");
                _failed.Set();
                if (isEnding)
                {
                    return;
                }

                _more.WaitOne(RetryPause);
            }
        }
    }

    private (string Path, byte[] Content)? TryTake()
    {
        lock (_lock)
        {
            foreach (var (path, content) in _waiting)
            {
                _waiting.Remove(path);
                return (path, content);
            }

            return null;
        }
    }
}
