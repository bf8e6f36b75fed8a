namespace ExpEther.Nvme.Protocol;

/// <summary>CRT of <see cref="PrimaryControllerCapabilities"/>: which flexible resources there are (NVMe 1.4 §5.15).</summary>
[Flags]
public enum ResourceTypes : byte
{
    None = 0,
    Queues = 1 << 0,
    Interrupts = 1 << 1,
}
