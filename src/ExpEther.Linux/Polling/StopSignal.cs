using System.Runtime.InteropServices;

namespace ExpEther.Linux.Polling;

/// <summary>SIGTERM and SIGINT as something an owner loop polls: the first one asks it to leave, a second SIGINT ends the process at once.</summary>
public sealed class StopSignal : IDisposable
{
    private readonly EventFd _wake = new();
    private readonly PosixSignalRegistration _terminate;
    private readonly PosixSignalRegistration _interrupt;
    private volatile bool _isRequested;

    public StopSignal()
    {
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
    }

    public bool IsRequested => _isRequested;

    /// <summary>Readable once a stop was requested; it stays so.</summary>
    public int FileDescriptor => _wake.FileDescriptor;

    /// <summary>Asks for the stop from within the process; from any thread.</summary>
    public void Request()
    {
        _isRequested = true;
        _wake.Set();
    }

    public void Dispose()
    {
        _terminate.Dispose();
        _interrupt.Dispose();
        _wake.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = !(_isRequested && context.Signal == PosixSignal.SIGINT);
        Request();
    }
}
