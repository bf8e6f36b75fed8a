using System.Runtime.InteropServices;

namespace ExpEther.Linux.Polling;

/// <summary>SIGHUP as something an owner loop polls. It does not end the process as long as this exists.</summary>
public sealed class HangupSignal : IDisposable
{
    private readonly EventFd _wake;
    private readonly PosixSignalRegistration _registration;
    private int _came;

    /// <param name="wake">Set when the signal comes; the caller's.</param>
    public HangupSignal(EventFd wake)
    {
        _wake = wake;
        _registration = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal);
    }

    /// <summary>True when it came since the last call; however often.</summary>
    public bool TryTake() => Volatile.Read(ref _came) != 0 && Interlocked.Exchange(ref _came, 0) != 0;

    public void Dispose() => _registration.Dispose();

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        Volatile.Write(ref _came, 1);
        _wake.Set();
    }
}
