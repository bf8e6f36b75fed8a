using ExpEther.Linux.Files;

namespace ExpEther.Cli.Output;

/// <summary>Tells when stdout is read no more, for a command that may have nothing to write for long: a pipe says so only to who looks.</summary>
internal sealed class ReaderWatch : IDisposable
{
    private const int LookMilliseconds = 100;

    private readonly Timer _timer;
    private int _isTold;

    /// <param name="onGone">Called once, on another thread.</param>
    public ReaderWatch(Action onGone) => _timer = new Timer(
        _ =>
        {
            if (StandardDescriptor.IsReaderGone(StandardDescriptor.Output) && Interlocked.Exchange(ref _isTold, 1) == 0)
            {
                onGone();
            }
        },
        null, LookMilliseconds, LookMilliseconds);

    public void Dispose() => _timer.Dispose();
}
