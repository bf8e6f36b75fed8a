using ExpEther.Core.Scheduling;
using ExpEther.RootComplex.Functions;

namespace ExpEther.Nvme.Driver;

/// <summary>Binds to NVMe controllers (class 01_08_02h) and makes an <see cref="NvmeDisk"/> of each.</summary>
public sealed class NvmeDriver : IFunctionDriver
{
    private readonly List<NvmeDisk> _disks = [];

    public NvmeDriver(OwnerScheduler scheduler, IEventSink events, NvmeDriverOptions? options = null)
    {
        Check.That(scheduler is not null && events is not null);
        _ = options;
    }

#pragma warning disable CS0067
    /// <summary>A disk is ready for use.</summary>
    public event Action<NvmeDisk>? DiskAdded;

    /// <summary>A disk is gone; its commands have ended.</summary>
    public event Action<NvmeDisk>? DiskRemoved;
#pragma warning restore CS0067

    public IReadOnlyList<NvmeDisk> Disks => _disks;

    public bool Matches(PciFunction function) => function.ClassCode == 0x010802;

    public Task<bool> StartAsync(PciFunction function) => throw new NotImplementedException();

    public Task StopAsync(PciFunction function, bool surprise) => throw new NotImplementedException();
}
