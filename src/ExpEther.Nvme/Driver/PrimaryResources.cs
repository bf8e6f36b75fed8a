using ExpEther.Nvme.Protocol;

namespace ExpEther.Nvme.Driver;

/// <summary>What a primary controller has to distribute (NVMe 1.4 §8.5).</summary>
/// <param name="ControllerId">CNTLID of the primary controller.</param>
/// <param name="Types">Which kinds are flexible; the others are as the device made them.</param>
/// <param name="Queues">VQ resources.</param>
/// <param name="Interrupts">VI resources.</param>
internal sealed record PrimaryResources(ushort ControllerId, ResourceTypes Types, FlexibleResources Queues, FlexibleResources Interrupts);
