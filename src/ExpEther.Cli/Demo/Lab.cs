using ExpEther.Daemon.Config;

namespace ExpEther.Cli.Demo;

/// <summary>The demo's daemons, joined by one transport: a switch, an I/O box and hosts on VLANs of their own.</summary>
internal sealed class Lab : IDisposable
{
    private readonly List<LabProcess> _processes = [];
    private readonly string _folder;

    private Lab(LabTransport transport, LabPlan plan, string folder)
    {
        Transport = transport;
        Plan = plan;
        _folder = folder;
    }

    public LabTransport Transport { get; }

    public LabPlan Plan { get; }

    public IReadOnlyList<LabProcess> Processes => _processes;

    public string SocketOf(string daemon) => Path.Combine(_folder, $"{daemon}.sock");

    /// <summary>Starts all daemons and waits until they are ready.</summary>
    /// <exception cref="DemoFailure">This transport does not work here; nothing is left of the attempt.</exception>
    public static async Task<Lab> StartAsync(
        LabTransport transport, LabPlan plan, string folder, bool isSealed, int mtuBytes, CancellationToken cancel)
    {
        var lab = new Lab(transport, plan, folder);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(DemoLimits.StartSeconds));
        try
        {
            await lab.StartDaemonsAsync(isSealed, mtuBytes, limit.Token);
            return lab;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            lab.Dispose();
            throw new DemoFailure("not-started", $"the daemons were not ready within {DemoLimits.StartSeconds} s", "look at the load of this machine");
        }
        catch
        {
            lab.Dispose();
            throw;
        }
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
        var wiring = LabWiring.Of(Transport, names.Count, mtuBytes);
        var keys = names.Select(_ => KeyMaterial.NewHex()).ToArray();
        List<string> ports = ["--port", wiring.SwitchPort(0, "io", "trunk")];
        for (var node = 1; node < names.Count; node++)
        {
            ports.AddRange(["--port", wiring.SwitchPort(node, names[node], $"trunk={LabPlan.VlanOf(node)}")]);
        }

        var hub = Start("switch", wiring.SwitchPrefix, "", ["switch", "--name", "demo", "--mtu", $"{mtuBytes}", .. ports]);
        await hub.HereAsync(cancel);
        var nodes = new List<LabProcess>();
        for (var node = 0; node < names.Count; node++)
        {
            var file = Path.Combine(_folder, $"{names[node]}.toml");
            var text = node == 0
                ? LabConfig.OfBox(wiring.PortTable(node), _folder, isSealed, keys, Plan)
                : LabConfig.OfHost(wiring.PortTable(node), isSealed, names[node], LabPlan.VlanOf(node), keys[node]);
            LabConfig.Write(file, text);
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
            name, prefix, before, [.. Self, .. arguments, "--socket", SocketOf(name), "--exit-with-stdin", "--json"], _folder);
        _processes.Add(process);
        return process;
    }

    /// <summary>How this program was started: by its own executable, or by dotnet.</summary>
    private static IEnumerable<string> Self
    {
        get
        {
            var program = Environment.ProcessPath!;
            return Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, typeof(Lab).Assembly.Location] : [program];
        }
    }
}
