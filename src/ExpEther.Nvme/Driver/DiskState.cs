namespace ExpEther.Nvme.Driver;

/// <summary>Where a disk of the driver is in its life.</summary>
internal enum DiskState
{
    Starting,
    Live,
    Resetting,
    Stopping,
    Removed,
    Failed,
}
