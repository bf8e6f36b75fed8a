namespace ExpEther.VfioUser.Protocol;

/// <summary>linux/vfio.h, VFIO_DMA_UNMAP_FLAG_*; the vfio-user specification has none, QEMU sends All.</summary>
[Flags]
internal enum DmaUnmapFlags : uint
{
    None = 0,
    DirtyBitmap = 1,
    All = 2,
}
