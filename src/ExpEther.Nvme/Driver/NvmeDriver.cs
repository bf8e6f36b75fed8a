using ExpEther.Core.Scheduling;
using ExpEther.RootComplex.Functions;

namespace ExpEther.Nvme.Driver;

/// <summary>Binds to NVMe controllers (class 01_08_02h) and makes an <see cref="NvmeDisk"/> of each.</summary>
public sealed class NvmeDriver : IFunctionDriver
{
    internal const uint NvmeClassCode = 0x010802;

    private readonly OwnerScheduler _scheduler;
    private readonly IEventSink _events;
    private readonly NvmeDriverOptions _options;
    private readonly List<NvmeDisk> _disks = [];
    private readonly List<NvmeDisk> _starting = [];

    /// <param name="scheduler">The owner's, the same as the root complex's.</param>
    /// <param name="events">Told of time-outs, resets and failures.</param>
    /// <param name="options">Queue sizes and timeouts.</param>
    public NvmeDriver(OwnerScheduler scheduler, IEventSink events, NvmeDriverOptions? options = null)
    {
        _scheduler = scheduler;
        _events = events;
        _options = options ?? new NvmeDriverOptions();
    }

    /// <summary>A disk is ready for use.</summary>
    public event Action<NvmeDisk>? DiskAdded;

    /// <summary>A disk is gone; its commands have ended.</summary>
    public event Action<NvmeDisk>? DiskRemoved;

    /// <summary>The disks that are in use.</summary>
    public IReadOnlyList<NvmeDisk> Disks => _disks;

    public bool Matches(PciFunction function) => function.ClassCode == NvmeClassCode;

    public async Task<bool> StartAsync(PciFunction function)
    {
        Check.That(function.Scheduler == _scheduler);
        var disk = new NvmeDisk(function, FreeName(), _options, _events);
        _starting.Add(disk);
        var error = await disk.StartAsync();
        _starting.Remove(disk);
        if (error is not null)
        {
            _events.Report(EventSeverity.Error, disk.Name, $"{function.Rid} did not start: {error}");
            await disk.StopAsync(true);
            return false;
        }

        _disks.Add(disk);
        DiskAdded?.Invoke(disk);
        return true;
    }

    public async Task StopAsync(PciFunction function, bool surprise)
    {
        var disk = _disks.Find(disk => disk.Function == function);
        if (disk is null)
        {
            return; // still starting: that ends by itself, since the function is gone
        }

        await disk.StopAsync(surprise);
        _disks.Remove(disk);
        DiskRemoved?.Invoke(disk);
    }

    private string FreeName()
    {
        for (var number = 0; ; number++)
        {
            var name = $"nvme{number}";
            if (!_disks.Concat(_starting).Any(disk => disk.Name == name))
            {
                return name;
            }
        }
    }
}
