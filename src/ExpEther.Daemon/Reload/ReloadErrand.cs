using System.Runtime.ExceptionServices;
using ExpEther.Daemon.Loop;
using ExpEther.Linux.Polling;

namespace ExpEther.Daemon.Reload;

/// <summary>
/// What wakes an owner loop for a reload: SIGHUP, and the end of work that waits for disks and so must not be done on the owner's thread.
/// One such work at a time.
/// </summary>
internal sealed class ReloadErrand : ILoopErrand, IDisposable
{
    private readonly EventFd _wake = new();
    private readonly HangupSignal _hangup;
    private readonly Action _onHangup;
    private readonly Action _onTerminalLost;
    private volatile Action? _finish;

    /// <param name="onHangup">SIGHUP was sent.</param>
    /// <param name="onTerminalLost">The terminal of the daemon's start has gone.</param>
    public ReloadErrand(Action onHangup, Action onTerminalLost)
    {
        _onHangup = onHangup;
        _onTerminalLost = onTerminalLost;
        _hangup = new HangupSignal(_wake);
    }

    public int PollFileDescriptor => _wake.FileDescriptor;

    /// <summary>Runs work on a thread of its own; its end is seen on the owner's.</summary>
    public Task<T> RunAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                var result = work();
                _finish = () => done.SetResult(result);
            }
            catch (Exception e)
            {
                var caught = ExceptionDispatchInfo.Capture(e);
                _finish = () => done.SetException(caught.SourceException);
            }

            _wake.Set();
        })
        { IsBackground = true, Name = "reload" };
        thread.Start();
        return done.Task;
    }

    public bool Poll()
    {
        var isLost = _hangup.TryTakeLoss();
        var hungUp = _hangup.TryTake();
        var finish = _finish;
        if (!hungUp && !isLost && finish is null)
        {
            return false;
        }

        _ = _wake.Clear();
        if (isLost)
        {
            _onTerminalLost();
        }

        if (hungUp)
        {
            _onHangup();
        }

        _finish = null;
        finish?.Invoke();
        return true;
    }

    public void Dispose()
    {
        _hangup.Dispose();
        _wake.Dispose();
    }
}
