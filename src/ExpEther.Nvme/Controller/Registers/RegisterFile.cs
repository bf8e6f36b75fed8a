using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Controller.Registers;

/// <summary>The controller registers as storage (NVMe 1.4 §3.1); what a write to CC means is <see cref="ControllerLife"/>'s.</summary>
internal sealed class RegisterFile(NvmeControllerOptions options)
{
    private const uint AqaMask = 0x0FFF_0FFF;
    private const ulong QueueBaseMask = ~0xFFFUL;

    public ControllerCapabilities Cap { get; } = new(
        options.QueueEntriesMax, contiguousQueuesRequired: true, ControllerLimits.ReadyTimeoutUnits, 0, ControllerLimits.MpsMax);

    public ControllerConfiguration Cc { get; private set; }

    public uint Aqa { get; private set; }

    public ulong Asq { get; private set; }

    public ulong Acq { get; private set; }

    /// <summary>INTMS and INTMC. With MSI-X, which alone is offered, they mask nothing (§3.1.3).</summary>
    public uint InterruptMask { get; private set; }

    /// <summary>A controller reset by CC.EN: the admin queue registers and CC stay (§7.3.2).</summary>
    public void ControllerReset() => InterruptMask = 0;

    /// <summary>Any other reset.</summary>
    public void FullReset()
    {
        ControllerReset();
        Cc = default;
        Aqa = 0;
        Asq = 0;
        Acq = 0;
    }

    public uint Read(int offset, ControllerStatus status) => offset switch
    {
        NvmeRegister.Cap => (uint)Cap.Value,
        NvmeRegister.Cap + 4 => (uint)(Cap.Value >> 32),
        NvmeRegister.Vs => NvmeRegister.Version14,
        NvmeRegister.Intms or NvmeRegister.Intmc => InterruptMask,
        NvmeRegister.Cc => Cc.Value,
        NvmeRegister.Csts => status.Value,
        NvmeRegister.Aqa => Aqa,
        NvmeRegister.Asq => (uint)Asq,
        NvmeRegister.Asq + 4 => (uint)(Asq >> 32),
        NvmeRegister.Acq => (uint)Acq,
        NvmeRegister.Acq + 4 => (uint)(Acq >> 32),
        _ => 0,
    };

    /// <param name="offset">DW aligned, below the doorbells.</param>
    /// <param name="value">As written.</param>
    /// <param name="enables">Byte enables, bits 3:0.</param>
    public void Write(int offset, uint value, int enables)
    {
        var mask = MaskOf(enables);
        switch (offset)
        {
            case NvmeRegister.Intms:
                InterruptMask |= value & mask;
                break;
            case NvmeRegister.Intmc:
                InterruptMask &= ~(value & mask);
                break;
            case NvmeRegister.Cc:
                Cc = new ControllerConfiguration(Merge(Cc.Value, value, mask) & ControllerConfiguration.WritableMask);
                break;
            case NvmeRegister.Aqa:
                Aqa = Merge(Aqa, value, mask) & AqaMask;
                break;
            case NvmeRegister.Asq or NvmeRegister.Asq + 4:
                Asq = MergeHalf(Asq, offset - NvmeRegister.Asq, value, mask) & QueueBaseMask;
                break;
            case NvmeRegister.Acq or NvmeRegister.Acq + 4:
                Acq = MergeHalf(Acq, offset - NvmeRegister.Acq, value, mask) & QueueBaseMask;
                break;
        }
    }

    private static uint MaskOf(int enables)
    {
        var mask = 0u;
        for (var i = 0; i < 4; i++)
        {
            mask |= (enables & (1 << i)) != 0 ? 0xFFu << (8 * i) : 0;
        }

        return mask;
    }

    private static uint Merge(uint before, uint value, uint mask) => (before & ~mask) | (value & mask);

    private static ulong MergeHalf(ulong before, int half, uint value, uint mask) => half == 0
        ? (before & 0xFFFF_FFFF_0000_0000) | Merge((uint)before, value, mask)
        : (before & 0xFFFF_FFFF) | ((ulong)Merge((uint)(before >> 32), value, mask) << 32);
}
