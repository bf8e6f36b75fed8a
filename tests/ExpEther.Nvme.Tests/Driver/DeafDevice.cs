using ExpEther.Core.Time;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Nvme.Tests.Driver;

/// <summary>A device that can be made to stop hearing: requests sent to it vanish.</summary>
internal sealed class DeafDevice(IPcieDevice inner) : IPcieDevice
{
    /// <summary>Nothing reaches the device.</summary>
    public bool IsDeaf { get; set; }

    /// <summary>Doorbells do not reach it, everything else does: commands are never seen.</summary>
    public bool LosesWrites { get; set; }

    /// <summary>Completions that the device waits for reach it as refusals.</summary>
    public bool FailsReads { get; set; }

    public Instant? NextDeadline => inner.NextDeadline;

    public bool Poll(Instant now) => inner.Poll(now);

    public void Reset(Instant now) => inner.Reset(now);

    public bool TryTake(Instant now, Span<byte> into, out int length) => inner.TryTake(now, into, out length);

    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now)
    {
        TlpView.TryParse(tlp, out var view);
        var isDoorbell = view.Kind == TlpKind.MemoryWrite && (view.Address & 0xFFF) < 0x100 && (view.Address & 0x3000) == 0x1000;
        if (FailsReads && view.IsCompletion)
        {
            var refusal = new byte[TlpLimits.HeaderBytesMax];
            var length = new Completion(view.Completer, view.Requester, view.Tag, CompletionStatus.UnsupportedRequest).Write(refusal);
            return inner.TryAccept(refusal.AsSpan(0, length), now);
        }

        return IsDeaf || (LosesWrites && isDoorbell) || inner.TryAccept(tlp, now);
    }
}
