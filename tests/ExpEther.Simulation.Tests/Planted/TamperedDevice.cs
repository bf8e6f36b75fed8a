using ExpEther.Core.Time;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>A device whose TLPs are tampered with on their way, as a bridge with a bug would. Counts the resets it is given.</summary>
internal abstract class TamperedDevice(IPcieDevice device) : IPcieDevice
{
    private const uint FunctionLevelReset = 0x8000;
    private readonly Queue<byte[]> _added = new();

    public Instant? NextDeadline => device.NextDeadline;

    public IFunctionFlowControl? FlowControl => device.FlowControl;

    protected IPcieDevice Inner => device;

    /// <summary>Function-level resets so far (and BARs that were sized): one assignment is over.</summary>
    protected int Assignment { get; private set; }

    public bool Poll(Instant now) => device.Poll(now);

    public void Reset(Instant now) => device.Reset(now);

    public bool TryAccept(ReadOnlySpan<byte> tlp, Instant now)
    {
        if (TlpView.TryParse(tlp, out var view) != TlpError.None)
        {
            return device.TryAccept(tlp, now);
        }

        if (view.Kind == TlpKind.ConfigWrite0 && (view.ConfigValue & FunctionLevelReset) != 0)
        {
            Assignment++;
        }

        var bytes = tlp.ToArray();
        return ToDevice(view, bytes) is not { } changed || device.TryAccept(changed, now);
    }

    public bool TryTake(Instant now, Span<byte> into, out int length)
    {
        if (_added.TryDequeue(out var added))
        {
            added.CopyTo(into);
            length = added.Length;
            return true;
        }

        while (device.TryTake(now, into, out length))
        {
            if (TlpView.TryParse(into[..length], out var view) != TlpError.None || FromDevice(view))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Makes the device send one more.</summary>
    public void Add(byte[] tlp) => _added.Enqueue(tlp);

    protected static bool IsHostWrite(in TlpView tlp) => tlp.Kind == TlpKind.MemoryWrite;

    /// <summary>Gives the device one more.</summary>
    protected void Deliver(byte[] tlp, Instant now) => device.TryAccept(tlp, now);

    /// <returns>What the device gets; null: nothing.</returns>
    protected virtual byte[]? ToDevice(in TlpView tlp, byte[] bytes) => bytes;

    /// <returns>False: it is lost.</returns>
    protected virtual bool FromDevice(in TlpView tlp) => true;
}
