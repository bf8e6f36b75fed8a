using System.Buffers.Binary;
using ExpEther.Pcie.Ports;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Bridge.Hosts;

/// <summary>
/// What waits to go up to the root complex: completions, whose number the host's own requests bound, and messages, which have a bound
/// of their own. Memory writes and interrupts are not here: they are done as they come, so nothing queued can overtake them.
/// </summary>
internal sealed class UpwardQueue
{
    private readonly TlpQueue _queue = new(HostBridgeLimits.UpwardBytesMax);
    private readonly byte[] _scratch = new byte[TlpLimits.BytesMax];
    private int _messages;

    /// <summary>Messages, or a box's surplus completions, that found no room.</summary>
    public long Overflows { get; private set; }

    public bool TryTake(Span<byte> into, out int length)
    {
        if (!_queue.TryDequeue(into, out length))
        {
            return false;
        }

        if (IsMessage(into[0]))
        {
            _messages--;
        }

        return true;
    }

    /// <summary>Passes a completion on as it is.</summary>
    public void Pass(ReadOnlySpan<byte> completion) => Enqueue(completion);

    public void Complete(in Completion completion) => Enqueue(_scratch.AsSpan(0, completion.Write(_scratch)));

    public void Complete(in Completion completion, uint data)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, data);
        Enqueue(_scratch.AsSpan(0, completion.Write(_scratch, bytes)));
    }

    public void Send(in Message message) => PassMessage(_scratch.AsSpan(0, message.Write(_scratch)));

    public void PassMessage(ReadOnlySpan<byte> message)
    {
        if (_messages >= HostBridgeLimits.UpwardMessagesMax)
        {
            Overflows++;
            return;
        }

        if (Enqueue(message))
        {
            _messages++;
        }
    }

    private bool Enqueue(ReadOnlySpan<byte> tlp)
    {
        var queued = _queue.TryEnqueue(tlp);
        if (!queued)
        {
            Overflows++;
        }

        return queued;
    }

    // Type 1_0rrr (PCIe 5.0 table 2-3).
    private static bool IsMessage(byte fmtType) => (fmtType & 0x18) == 0x10;
}
