namespace ExpEther.Nvme.Protocol;

/// <summary>
/// What a controller of ours has beyond NVMe 1.4, told in the vendor specific bytes of Identify Controller: an opcode alone says nothing,
/// since each vendor has its own.
/// </summary>
[Flags]
public enum ExpEtherFeatures : uint
{
    None = 0,

    /// <summary><see cref="AdminOpcode.ResizeNamespace"/>.</summary>
    ResizeNamespace = 1 << 0,
}
