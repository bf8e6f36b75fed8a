using ExpEther.Pcie;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Nvme.Tests.Host;

/// <summary>A memory read of the device that the test host has not answered to its end.</summary>
internal struct PendingRead
{
    public Rid Requester;
    public Tag Tag;
    public ulong Address;
    public int Left;
}
