using System.Runtime.InteropServices;

namespace ExpEther.Cli.Wiring;

/// <summary>Ctrl-C, a hang-up and a request to end, as a token, while it exists.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly List<PosixSignalRegistration> _signals = [];

    public Interruption()
    {
        foreach (var signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP])
        {
            _signals.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                _ended.Cancel();
            }));
        }
    }

    public CancellationToken Token => _ended.Token;

    public void Dispose()
    {
        _signals.ForEach(s => s.Dispose());
        _ended.Dispose();
    }
}
