using ExpEther.RootComplex.Functions;

namespace ExpEther.Bridge.Tests.Fabric;

/// <summary>Takes every <see cref="ProbeDevice"/> into use and hands its function to the test.</summary>
internal sealed class ProbeDriver : IFunctionDriver
{
    public List<PciFunction> Functions { get; } = [];

    public List<int> Interrupts { get; } = [];

    public List<bool> Stops { get; } = [];

    public bool Matches(PciFunction function) => function.DeviceId == 0x00FF;

    public async Task<bool> StartAsync(PciFunction function)
    {
        await function.SetBusMasterAsync(true);
        await function.EnableMsixAsync(1, Interrupts.Add);
        Functions.Add(function);
        return true;
    }

    public async Task StopAsync(PciFunction function, bool surprise)
    {
        Functions.Remove(function);
        Stops.Add(surprise);
        if (!surprise)
        {
            await function.DisableMsixAsync();
            await function.SetBusMasterAsync(false);
        }
    }
}
