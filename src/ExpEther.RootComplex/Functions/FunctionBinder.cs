using ExpEther.Pcie;
using ExpEther.RootComplex.Enumeration;
using ExpEther.RootComplex.HotPlug;

namespace ExpEther.RootComplex.Functions;

/// <summary>The functions that are there, and which driver has which.</summary>
internal sealed class FunctionBinder(HostServices host, BusResources resources) : ISlotFunctions
{
    private readonly List<IFunctionDriver> _drivers = [];
    private readonly List<PciFunction> _functions = [];
    private readonly Dictionary<PciFunction, IFunctionDriver> _bound = [];
    private readonly Dictionary<Rid, PciFunction> _byRid = [];

    public IReadOnlyList<PciFunction> Functions => _functions;

    /// <summary>The most that completions to a function may carry; the least of all for one that is not known.</summary>
    public int MaxPayloadBytesOf(Rid rid) => _byRid.TryGetValue(rid, out var function) ? function.Node.MaxPayloadBytes : 128;

    public void AddDriver(IFunctionDriver driver)
    {
        _drivers.Add(driver);
        foreach (var function in _functions)
        {
            host.Scheduler.Start(() => BindAsync(function));
        }
    }

    public async Task<string?> AddAsync(PciNode port)
    {
        if (!await host.Enumerator.EnumerateSlotAsync(port, resources))
        {
            return "the card does not answer";
        }

        await AddFunctionsAsync(port.Children);
        return null;
    }

    /// <summary>Makes functions of the endpoints among <paramref name="nodes"/> and all below them, and offers them to the drivers.</summary>
    public async Task AddFunctionsAsync(IReadOnlyList<PciNode> nodes)
    {
        var added = new List<PciFunction>();
        foreach (var node in nodes.SelectMany(node => node.SelfAndBelow()).Where(node => !node.IsBridge).ToList())
        {
            var function = new PciFunction(node, host);
            _functions.Add(function);
            _byRid[function.Rid] = function;
            added.Add(function);
        }

        foreach (var function in added)
        {
            await BindAsync(function);
        }
    }

    public async Task RemoveAsync(PciNode port, bool surprise)
    {
        foreach (var function in Below(port))
        {
            await UnbindAsync(function, surprise);
            function.Release();
            _functions.Remove(function);
            _byRid.Remove(function.Rid);
        }

        BusEnumerator.RemoveSlot(port);
    }

    public void MarkGone(PciNode port)
    {
        foreach (var function in Below(port))
        {
            function.MarkGone();
        }
    }

    /// <summary>Lets every driver let go, in order.</summary>
    public async Task StopAsync()
    {
        foreach (var function in _functions.ToList())
        {
            await UnbindAsync(function, false);
        }
    }

    private List<PciFunction> Below(PciNode port) => [.. _functions.Where(function => IsBelow(function.Node, port))];

    private static bool IsBelow(PciNode node, PciNode port)
    {
        for (var above = node.Parent; above is not null; above = above.Parent)
        {
            if (above == port)
            {
                return true;
            }
        }

        return false;
    }

    private async Task BindAsync(PciFunction function)
    {
        if (_bound.ContainsKey(function) || !function.IsPresent || _drivers.Find(driver => driver.Matches(function)) is not { } found)
        {
            return;
        }

        // Noted before it starts: whoever removes the function meanwhile must stop the driver too.
        _bound.Add(function, found);
        if (!await found.StartAsync(function))
        {
            _bound.Remove(function);
        }
    }

    private async Task UnbindAsync(PciFunction function, bool surprise)
    {
        if (_bound.Remove(function, out var driver))
        {
            await driver.StopAsync(function, surprise || !function.IsPresent);
        }

        if (!surprise)
        {
            await function.SetBusMasterAsync(false);
        }
    }
}
