namespace ExpEther.VfioUser;

/// <summary>A region as DEVICE_GET_REGION_INFO tells it.</summary>
/// <param name="Bytes">Its size; 0: not there.</param>
/// <param name="IsReadable">VFIO_REGION_INFO_FLAG_READ.</param>
/// <param name="IsWritable">VFIO_REGION_INFO_FLAG_WRITE.</param>
public readonly record struct VfioUserRegion(ulong Bytes, bool IsReadable = true, bool IsWritable = true);
