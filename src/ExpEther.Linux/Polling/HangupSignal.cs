using System.Runtime.InteropServices;
using ExpEther.Linux.Native;
using ExpEther.Linux.Time;

namespace ExpEther.Linux.Polling;

/// <summary>
/// SIGHUP as something an owner loop polls. It does not end the process as long as this exists.
/// <para>
/// Theory: the signal means two things. Someone sends it, by kill(1) or systemctl reload; or the kernel and the shell send it, several times,
/// because the terminal that the process was started from is gone. Then /dev/tty, which could be opened at the start, cannot be any more.
/// </para>
/// </summary>
public sealed class HangupSignal : IDisposable
{
    /// <summary>Kernel and shell each send their own, within moments.</summary>
    private static readonly TimeSpan LossLasts = TimeSpan.FromSeconds(5);

    private readonly EventFd _wake;
    private readonly PosixSignalRegistration _registration;
    private bool _hasTerminal = HasTerminal();
    private long _lossUntilNanoseconds;
    private int _came;
    private int _lost;

    /// <param name="wake">Set when the signal comes; the caller's.</param>
    public HangupSignal(EventFd wake)
    {
        _wake = wake;
        _registration = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);
    }

    /// <summary>True when it was sent since the last call, however often, and not because the terminal went.</summary>
    public bool TryTake() => Volatile.Read(ref _came) != 0 && Interlocked.Exchange(ref _came, 0) != 0;

    /// <summary>True once, when the terminal has gone.</summary>
    public bool TryTakeLoss() => Volatile.Read(ref _lost) != 0 && Interlocked.Exchange(ref _lost, 0) != 0;

    public void Dispose() => _registration.Dispose();

    private static bool HasTerminal()
    {
        // tty(4): ENXIO without a controlling terminal.
        var fd = Libc.open("/dev/tty", FileConstants.O_RDONLY | FileConstants.O_CLOEXEC | FileConstants.O_NONBLOCK, 0);
        if (fd < 0)
        {
            return false;
        }

        _ = Libc.close(fd);
        return true;
    }

    // On .NET's one thread for signals.
    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        var now = MonotonicClock.Now;
        if (_hasTerminal && !HasTerminal())
        {
            _hasTerminal = false;
            _lossUntilNanoseconds = (now + LossLasts).Nanoseconds;
            Volatile.Write(ref _lost, 1);
        }
        else if (now.Nanoseconds >= _lossUntilNanoseconds)
        {
            Volatile.Write(ref _came, 1);
        }

        _wake.Set();
    }
}
