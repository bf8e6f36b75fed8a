namespace ExpEther.VfioUser.Protocol;

/// <summary>What a device may do with a mapped range (vfio-user specification, "VFIO_USER_DMA_MAP").</summary>
[Flags]
internal enum DmaMapFlags : uint
{
    None = 0,
    Readable = 1,
    Writeable = 2,
    All = Readable | Writeable,
}
