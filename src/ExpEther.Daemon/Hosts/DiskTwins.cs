using ExpEther.Nvme.Driver;

namespace ExpEther.Daemon.Hosts;

/// <summary>Disks of one host that are taken for each other, since boxes are configured one by one and know nothing of each other's devices.</summary>
internal static class DiskTwins
{
    /// <summary>Another disk that has this one's serial number, or all of its identity, although it is none of the same device's functions.</summary>
    /// <returns>Null: there is none.</returns>
    public static NvmeDisk? Of(NvmeDisk disk, IEnumerable<NvmeDisk> all) => all.FirstOrDefault(other => other != disk && AreTwins(disk, other));

    private static bool AreTwins(NvmeDisk one, NvmeDisk other) => one.SubsystemNqn == other.SubsystemNqn
        ? one.ControllerId == other.ControllerId
        : one.SerialNumber == other.SerialNumber;
}
