using ExpEther.Cli.Guests;
using ExpEther.Cli.Wiring;
using ExpEther.Daemon.Config;

namespace ExpEther.Cli.Demo;

/// <summary>The demo's daemons, joined by one transport: a switch, an I/O box and hosts on VLANs of their own.</summary>
internal sealed class DemoLab : IDisposable
{
    private readonly List<LabProcess> _processes = [];
    private readonly string _folder;
    private LabWiring? _wiring;

    private DemoLab(LabTransport transport, DemoPlan plan, string folder)
    {
        Transport = transport;
        Plan = plan;
        _folder = folder;
    }

    public LabTransport Transport { get; }

    public DemoPlan Plan { get; }

    public IReadOnlyList<LabProcess> Processes => _processes;

    public string SocketOf(string daemon) => Path.Combine(_folder, $"{daemon}.sock");

    /// <summary>Starts all daemons and waits until they are ready.</summary>
    /// <exception cref="LabFailure">This transport does not work here; nothing is left of the attempt.</exception>
    public static async Task<DemoLab> StartAsync(
        LabTransport transport, DemoPlan plan, string folder, bool isSealed, int mtuBytes, CancellationToken cancel)
    {
        var lab = new DemoLab(transport, plan, folder);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(LabLimits.StartSeconds));
        try
        {
            await lab.StartDaemonsAsync(isSealed, mtuBytes, limit.Token);
            return lab;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            lab.Dispose();
            throw new LabFailure("not-started", $"the daemons were not ready within {LabLimits.StartSeconds} s", "look at the load of this machine");
        }
        catch
        {
            lab.Dispose();
            throw;
        }
    }

    /// <summary>Starts the plan's guest, beside its host bridge.</summary>
    public async Task<Guest> StartGuestAsync(CancellationToken cancel)
    {
        var bridge = _processes.First(p => p.Name == Plan.Guest!.Name);
        var guest = await Guest.StartAsync(Plan.Guest!, _wiring!.InsideOf(bridge.Id), Plan.Guest!.Folder, cancel);
        _processes.Add(guest.Process);
        return guest;
    }

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            process.AskToStop();
        }

        foreach (var process in _processes)
        {
            process.Dispose();
        }

        _processes.Clear();
    }

    private async Task StartDaemonsAsync(bool isSealed, int mtuBytes, CancellationToken cancel)
    {
        var names = Plan.Nodes;
        var wiring = _wiring = LabWiring.Of(Transport, names.Count, mtuBytes);
        var keys = names.Select(_ => KeyMaterial.NewHex()).ToArray();
        List<string> ports = ["--port", wiring.SwitchPort(0, "io", "trunk")];
        for (var node = 1; node < names.Count; node++)
        {
            ports.AddRange(["--port", wiring.SwitchPort(node, names[node], $"trunk={DemoPlan.VlanOf(node)}")]);
        }

        var hub = Start("switch", wiring.SwitchPrefix, "", ["switch", "--name", "demo", "--mtu", $"{mtuBytes}", .. ports]);
        await hub.HereAsync(cancel);
        var nodes = new List<LabProcess>();
        for (var node = 0; node < names.Count; node++)
        {
            var file = Path.Combine(_folder, $"{names[node]}.toml");
            var text = node == 0
                ? DemoConfig.OfBox(wiring.PortTable(node), _folder, isSealed, keys, Plan)
                : names[node] == Plan.Guest?.Name
                ? DemoConfig.OfGuestHost(wiring.PortTable(node), _folder, isSealed, DemoPlan.VlanOf(node), keys[node], Plan.Guest)
                : DemoConfig.OfHost(wiring.PortTable(node), _folder, isSealed, names[node], DemoPlan.VlanOf(node), keys[node]);
            KeyedFile.Write(file, text);
            nodes.Add(Start(names[node], wiring.NodePrefix(hub.Id), wiring.NodeSetUp, [node == 0 ? "io" : "host", "--config", file]));
        }

        foreach (var node in nodes)
        {
            await node.HereAsync(cancel);
        }

        await wiring.ConnectAsync(hub.Id, [.. nodes.Select(n => (n.Name, n.Id))], cancel);
        foreach (var process in _processes)
        {
            await process.GoAsync(cancel);
        }

        foreach (var process in _processes)
        {
            await process.ReadyAsync(cancel);
        }
    }

    private LabProcess Start(string name, IReadOnlyList<string> prefix, string before, IReadOnlyList<string> arguments)
    {
        var process = LabProcess.Start(
            name, prefix, before, [.. OwnProgram.Command, .. arguments, "--socket", SocketOf(name), "--exit-with-stdin", "--json"], _folder);
        _processes.Add(process);
        return process;
    }
}
