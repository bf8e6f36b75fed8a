namespace ExpEther.Nvme.Controller.Subsystem;

/// <summary>How many resources there are (NVMe 1.4 §8.5). A queue is a pair of queues, and the admin queues are one.</summary>
/// <param name="QueuesTotal">VQFRT.</param>
/// <param name="InterruptsTotal">VIFRT.</param>
/// <param name="PrimaryQueues">VQPRT.</param>
/// <param name="PrimaryInterrupts">VIPRT.</param>
/// <param name="PrimaryMax">Queues, and interrupts, that the primary can have with its flexible ones.</param>
/// <param name="SecondaryQueuesMax">VQFRSM.</param>
/// <param name="SecondaryInterruptsMax">VIFRSM.</param>
internal sealed record VirtualizationOptions(
    int QueuesTotal, int InterruptsTotal, int PrimaryQueues, int PrimaryInterrupts, int PrimaryMax, int SecondaryQueuesMax,
    int SecondaryInterruptsMax);
