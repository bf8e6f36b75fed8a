namespace ExpEther.Nvme.Protocol;

/// <summary>RT of Virtualization Management, DW10 10:8 (NVMe 1.4 §5.22, §8.5.1, §8.5.2).</summary>
public enum VirtualResourceType : byte
{
    /// <summary>VQ: one submission and one completion queue; the admin queues are one too.</summary>
    Queue = 0,

    /// <summary>VI: one interrupt vector.</summary>
    Interrupt = 1,
}
