using ExpEther.Nvme.Pool;

namespace ExpEther.Nvme.Controller;

/// <summary>What an NVMe device with SR-IOV is and has; fixed for its life.</summary>
public sealed record NvmeSrIovOptions
{
    /// <summary>
    /// The primary controller, behind the PF, and what all controllers have in common: name, serial number, model. Its namespaces have NSIDs 1
    /// and on, 64 at most; they are attached to no controller at first. Its <see cref="NvmeControllerOptions.QueuePairsMax"/> are those that it
    /// can have with flexible resources.
    /// </summary>
    public required NvmeControllerOptions Primary { get; init; }

    /// <summary>Where namespaces are created, NSIDs 65 and on; null: there are only those of <see cref="Primary"/>.</summary>
    public NamespacePool? Pool { get; init; }

    /// <summary>TotalVFs, 1 to 64: one secondary controller behind each VF.</summary>
    public int TotalVfs { get; init; } = ControllerLimits.VirtualFunctionsMax;

    /// <summary>PCI device ID of the VFs; their vendor is the primary's.</summary>
    public ushort VfDeviceId { get; init; } = 0x10E1;

    /// <summary>Queue pairs of the primary controller that are not flexible (VQPRT), its admin queues among them; as many interrupts (VIPRT).</summary>
    public int PrimaryQueues { get; init; } = 2;

    /// <summary>VQFRSM and VIFRSM: queue pairs, the admin queues among them, and interrupts that one secondary controller can have; 2 to 65.</summary>
    public int SecondaryQueuesMax { get; init; } = 33;

    /// <summary>VQFRT and VIFRT for each of <see cref="TotalVfs"/>: what it has if all are equal.</summary>
    public int FlexibleQueuesPerVf { get; init; } = 5;

    /// <summary>The largest transfer of a command of a secondary controller: a power of two, 4 KiB to 1 MiB.</summary>
    public int SecondaryMaxDataTransferBytes { get; init; } = 256 * 1024;

    /// <summary>
    /// Memory for data in hand of each secondary controller, which it gets when it is first enabled: a power of two, at least twice
    /// <see cref="SecondaryMaxDataTransferBytes"/>.
    /// </summary>
    public int SecondaryBufferPoolBytes { get; init; } = 4 * 1024 * 1024;
}
