using System.Numerics;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Nvme.Controller.Requests;

/// <summary>Records errors in AER and holds the messages that software enabled until they leave; equal ones merge (PCIe 5.0 §6.2.6).</summary>
internal sealed class ErrorReporter(EndpointConfig config)
{
    private int _pending;

    public void Report(UncorrectableError error, ReadOnlySpan<byte> tlp, bool advisory = false) =>
        Hold(config.Aer.Report(error, tlp, advisory));

    public bool TryTake(Span<byte> into, out int length)
    {
        length = 0;
        if (_pending == 0)
        {
            return false;
        }

        var bit = BitOperations.TrailingZeroCount(_pending);
        _pending &= _pending - 1;
        length = new Message(config.Rid, MessageCode.ErrCorrectable + (byte)bit, MessageRouting.ToRootComplex).Write(into);
        return true;
    }

    public void Clear() => _pending = 0;

    private void Hold(MessageCode? message)
    {
        if (message is { } code)
        {
            _pending |= 1 << (code - MessageCode.ErrCorrectable);
        }
    }
}
