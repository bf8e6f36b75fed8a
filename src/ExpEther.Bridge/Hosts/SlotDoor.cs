using ExpEther.Core.Time;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Hosts;

/// <summary>
/// The host's way to the function in one slot, beside the switch's routing: whoever is above has decoded addresses already. It takes memory
/// requests, atomics, and configuration requests of type 1, which the port makes type 0; their completions wait here, so that a slot's answers
/// stand behind nobody else's.
/// </summary>
internal sealed class SlotDoor(DownstreamSlot slot) : ITlpPort
{
    public UpwardQueue Answers { get; } = new();

    /// <summary>Requests while nothing was reachable in the slot.</summary>
    public long Unclaimed { get; private set; }

    public long Malformed { get; private set; }

    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now)
    {
        if (TlpView.TryParse(tlp, out var view) != TlpError.None || view.Class == TlpClass.Completion || view.IsMessage)
        {
            Malformed++;
            return true;
        }

        if (slot.IsReachable && (view.IsMemory || view.Kind is TlpKind.ConfigRead1 or TlpKind.ConfigWrite1))
        {
            return slot.TryForward(view, Answers, now);
        }

        Unclaimed++;
        if (view.Class == TlpClass.NonPosted)
        {
            Answers.Complete(Completion.To(view, slot.Config.Rid, CompletionStatus.UnsupportedRequest));
        }

        return true;
    }

    public bool TryTake(Instant now, Span<byte> into, out int length) => Answers.TryTake(into, out length);
}
