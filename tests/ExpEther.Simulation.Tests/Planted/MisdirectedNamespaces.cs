using ExpEther.RootComplex.Functions;
using ExpEther.RootComplex.Functions.Sharing;
using ExpEther.Simulation.Faults;

namespace ExpEther.Simulation.Tests.Planted;

/// <summary>The physical function's driver takes VF 1 for VF 2 and the other way round where it shows namespaces, and when it tells who sees them.</summary>
internal sealed class MisdirectedNamespaces : IPlantedBug
{
    public IPhysicalFunctionDriver Wrap(IPhysicalFunctionDriver driver) => new Driver(driver);

    private static int Other(int vf) => vf is 1 or 2 ? 3 - vf : vf;

    private sealed class Driver(IPhysicalFunctionDriver inner) : IPhysicalFunctionDriver
    {
        public bool Matches(PciFunction function) => inner.Matches(function);

        public async Task<PhysicalFunctionStart> StartAsync(PciFunction function, string name)
        {
            var start = await inner.StartAsync(function, name);
            return start.Function is { } started ? start with { Function = new Function(started) } : start;
        }
    }

    private sealed class Function(IPhysicalFunction inner) : IPhysicalFunction
    {
        public event Action? Changed
        {
            add => inner.Changed += value;
            remove => inner.Changed -= value;
        }

        public INamespaceManager? Namespaces { get; } = inner.Namespaces is { } manager ? new Manager(manager) : null;

        public Task<string> EnableAsync(int count) => inner.EnableAsync(count);

        public Task<string> PrepareAsync(int virtualFunction) => inner.PrepareAsync(virtualFunction);

        public Task StopAsync(bool surprise) => inner.StopAsync(surprise);
    }

    private sealed class Manager(INamespaceManager inner) : INamespaceManager
    {
        public async Task<NamespaceInventory> ListAsync()
        {
            var inventory = await inner.ListAsync();
            return inventory with { Namespaces = [.. inventory.Namespaces.Select(n => n with { VisibleTo = [.. n.VisibleTo.Select(Other).Order()] })] };
        }

        public Task<NamespaceResult> CreateAsync(ulong bytes) => inner.CreateAsync(bytes);

        public Task<NamespaceResult> ResizeAsync(uint id, ulong bytes) => inner.ResizeAsync(id, bytes);

        public Task<NamespaceResult> DeleteAsync(uint id) => inner.DeleteAsync(id);

        public Task<NamespaceResult> ShowAsync(uint id, int virtualFunction, bool visible) => inner.ShowAsync(id, Other(virtualFunction), visible);
    }
}
