using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.Functions.Sharing;

namespace ExpEther.Nvme.Driver;

/// <summary>Drives NVMe primary controllers, so that their secondary controllers can be shared among hosts.</summary>
public sealed class NvmePhysicalFunctionDriver : IPhysicalFunctionDriver
{
    private readonly IEventSink _events;
    private readonly NvmeDriverOptions _options;

    /// <param name="events">Told of resets and failures.</param>
    /// <param name="options">Timeouts; queue pairs are not used.</param>
    public NvmePhysicalFunctionDriver(IEventSink events, NvmeDriverOptions? options = null)
    {
        _events = events;
        _options = options ?? new NvmeDriverOptions();
    }

    public bool Matches(PciFunction function) => function.ClassCode == NvmeDriver.NvmeClassCode;

    public async Task<PhysicalFunctionStart> StartAsync(PciFunction function, string name)
    {
        var started = new NvmePhysicalFunction(function, name, _options, _events);
        if (await started.StartAsync() is not { } error)
        {
            return new PhysicalFunctionStart(started, "");
        }

        await started.StopAsync(!function.IsPresent);
        return PhysicalFunctionStart.Failed(error);
    }
}
