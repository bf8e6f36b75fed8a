using System.Buffers.Binary;

namespace ExpEther.Ethernet.Switch;

/// <summary>
/// What is wrong with the cable of one switch port. A cable has two directions: every frame that comes in from it and every one that
/// goes out on it meets the same faults once.
/// </summary>
internal sealed class PortFaults(IRandomSource random)
{
    public double DropProbability { get; set; }

    public long DropNext { get; set; }

    public bool IsCut { get; set; }

    public TimeSpan Delay { get; set; }

    /// <summary>What happens to the next frame; null: it passes.</summary>
    public SwitchDropReason? Decide()
    {
        if (IsCut)
        {
            return SwitchDropReason.Cut;
        }

        if (DropNext > 0)
        {
            DropNext--;
            return SwitchDropReason.Fault;
        }

        return DropProbability > 0 && Uniform() < DropProbability ? SwitchDropReason.Fault : null;
    }

    private double Uniform()
    {
        Span<byte> bytes = stackalloc byte[8];
        random.Fill(bytes);
        return (BinaryPrimitives.ReadUInt64LittleEndian(bytes) >> 11) * (1.0 / (1UL << 53));
    }
}
