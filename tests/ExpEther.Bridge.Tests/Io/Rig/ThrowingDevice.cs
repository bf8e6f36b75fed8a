using ExpEther.Core.Time;
using ExpEther.Pcie.Ports;

namespace ExpEther.Bridge.Tests.Io.Rig;

/// <summary>A device with a bug that shows when a test says so, in one of its calls, and at every later call of any kind.</summary>
internal sealed class ThrowingDevice(IPcieDevice device) : IPcieDevice
{
    /// <summary>The call in which the bug shows; null: in none yet.</summary>
    public string? ThrowsIn { get; set; }

    /// <summary>Calls since it threw first: a state that must not be used again was.</summary>
    public int CallsAfterwards { get; private set; }

    public bool HasThrown { get; private set; }

    public Instant? NextDeadline
    {
        get
        {
            Call(nameof(NextDeadline));
            return device.NextDeadline;
        }
    }

    public IFunctionFlowControl? FlowControl => device.FlowControl;

    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now)
    {
        Call(nameof(TryAccept));
        return ThrowsIn != "Refuse" && device.TryAccept(tlp, now);
    }

    public bool TryTake(Instant now, Span<byte> into, out int length)
    {
        Call(nameof(TryTake));
        return device.TryTake(now, into, out length);
    }

    public bool Poll(Instant now)
    {
        Call(nameof(Poll));
        return device.Poll(now);
    }

    public void Reset(Instant now)
    {
        Call(nameof(Reset));
        device.Reset(now);
    }

    private void Call(string what)
    {
        CallsAfterwards += HasThrown ? 1 : 0;
        if (HasThrown || ThrowsIn == what)
        {
            HasThrown = true;
            throw new InvalidOperationException($"a planted bug in {what}");
        }
    }
}
