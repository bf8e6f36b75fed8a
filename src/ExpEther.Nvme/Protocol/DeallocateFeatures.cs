namespace ExpEther.Nvme.Protocol;

/// <summary>DLFEAT of Identify Namespace (NVMe 1.4 figure 245): how deallocated blocks read, and whether Write Zeroes may deallocate.</summary>
[Flags]
public enum DeallocateFeatures : byte
{
    /// <summary>What deallocated blocks read as is not reported.</summary>
    None = 0,

    /// <summary>Bits 2:0 are 001b: every byte reads 00h.</summary>
    ReadsZeroes = 0b001,

    /// <summary>All of bits 2:0.</summary>
    ReadBehaviorMask = 0b111,

    /// <summary>Bit 3: the Deallocate bit of Write Zeroes is supported.</summary>
    WriteZeroesDeallocates = 1 << 3,
}
