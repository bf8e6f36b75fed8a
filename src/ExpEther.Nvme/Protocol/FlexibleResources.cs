namespace ExpEther.Nvme.Protocol;

/// <summary>The resources of one kind that a primary controller has, as <see cref="PrimaryControllerCapabilities"/> tells them (NVMe 1.4 §8.5).</summary>
/// <param name="Total">VQFRT, VIFRT: flexible ones, for the primary and its secondary controllers.</param>
/// <param name="Assigned">VQRFA, VIRFA: flexible ones that secondary controllers have.</param>
/// <param name="AssignedToPrimary">VQRFAP, VIRFAP: flexible ones that the primary has.</param>
/// <param name="PrivateOfPrimary">VQPRT, VIPRT: the primary's own, beside the flexible ones.</param>
/// <param name="SecondaryMax">VQFRSM, VIFRSM: the most that one secondary controller may have.</param>
/// <param name="Granularity">VQGRAN, VIGRAN: resources are given in multiples of it, preferably.</param>
public readonly record struct FlexibleResources(
    uint Total, uint Assigned, ushort AssignedToPrimary, ushort PrivateOfPrimary, ushort SecondaryMax, ushort Granularity);
