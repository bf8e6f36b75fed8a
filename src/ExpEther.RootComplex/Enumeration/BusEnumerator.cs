using ExpEther.Core.Scheduling;
using ExpEther.RootComplex.Config;

namespace ExpEther.RootComplex.Enumeration;

/// <summary>Finds, numbers and configures what is below a root, through configuration requests only.</summary>
public sealed class BusEnumerator
{
    public BusEnumerator(IConfigAccess config, OwnerScheduler scheduler, IEventSink events, string name)
    {
        Check.That(config is not null && scheduler is not null && events is not null && name is not null);
    }

    /// <summary>
    /// Finds the endpoints directly on one bus (no bridges) and gives their BARs addresses: 64-bit BARs, prefetchable or not, from
    /// <paramref name="aperture64"/>, 32-bit ones from <paramref name="aperture32"/> or not at all. Memory decoding and bus mastering stay off.
    /// </summary>
    public Task<IReadOnlyList<PciNode>> EnumerateEndpointsAsync(int bus, AddressAllocator aperture64, AddressAllocator? aperture32 = null)
        => throw new NotImplementedException();
}
