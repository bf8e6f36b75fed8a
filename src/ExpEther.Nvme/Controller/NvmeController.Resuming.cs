using ExpEther.Core.Time;
using ExpEther.Nvme.Controller.Resuming;
using ExpEther.Pcie;
using ExpEther.Pcie.Ports;

namespace ExpEther.Nvme.Controller;

/// <summary>What a controller leaves for its next life, and how that begins.</summary>
public sealed partial class NvmeController : IResumableDevice
{
    private ResumeNote? _told;

    /// <inheritdoc/>
    public bool HasNote => CurrentNote != _told;

    /// <summary>Where the host waits for an event; null: nowhere.</summary>
    private ResumeNote? CurrentNote => _life.IsReborn ? _rebirth.Note
        : _life.IsReady && _parts.Events.FirstRequest is { } request
            ? new ResumeNote(Identity, _registers.Acq, (ushort)((_registers.Aqa >> 16) + 1), request)
            : null;

    private ulong Identity { get; }

    /// <inheritdoc/>
    public bool CanResume(Rid function) => !_life.IsOffline;

    /// <inheritdoc/>
    public ulong ContinuityOf(Rid function) => Identity ^ _parts.Options.Continuity;

    /// <inheritdoc/>
    public bool TryTakeNote(Rid function, Span<byte> into, out int length)
    {
        length = 0;
        if (!HasNote)
        {
            return false;
        }

        _told = CurrentNote;
        length = _told?.Write(into) ?? 0;
        return true;
    }

    /// <inheritdoc/>
    public void Resume(Rid function, ReadOnlySpan<byte> note, Instant now)
    {
        Enter(now);
        if (_life.IsOffline || !_life.CanBeReborn)
        {
            return;
        }

        _life.BeReborn();
        if (ResumeNote.TryRead(note, Identity, out var read))
        {
            _rebirth.Begin(read);
            _told = read;
        }
    }
}
