namespace ExpEther.Nvme.Protocol;

/// <summary>ACT of Virtualization Management, DW10 3:0 (NVMe 1.4 §5.22).</summary>
public enum VirtualizationAction : byte
{
    /// <summary>Gives the primary controller flexible resources, from its next Controller Level Reset on.</summary>
    PrimaryFlexibleAllocation = 1,
    SecondaryOffline = 7,

    /// <summary>Sets how many flexible resources an offline secondary controller has.</summary>
    SecondaryAssign = 8,
    SecondaryOnline = 9,
}
