using ExpEther.Cli.Guests;
using ExpEther.Cli.Wiring;
using ExpEther.Daemon.Config;

namespace ExpEther.Cli.Lab;

/// <summary>
/// A laboratory of real guests: a switch, an I/O box with one SR-IOV NVMe device, and guests, each a QEMU above a host bridge of its own. Every node
/// has a network namespace, which a process of its own holds, so that whoever works in it may be killed and started again with the cable in place.
/// </summary>
internal sealed class LabRig : IDisposable
{
    /// <summary>The bytes of a guest's private namespace.</summary>
    public const long NamespaceBytes = 256L << 20;

    private const int PoolSpareBytes = 64 << 20;
    private const string CableSuffix = "-cable";

    private readonly List<LabProcess> _cables = [];
    private readonly List<LabPart> _parts = [];
    private readonly LabOptions _options;
    private readonly StepLog _log;

    private LabRig(LabTransport transport, LabOptions options, LabPlace folder, GuestAssets assets, string accel, StepLog log)
    {
        Transport = transport;
        Folder = folder;
        Accel = accel;
        _options = options;
        _log = log;
        Guests =
        [
            .. Enumerable.Range(1, options.Guests).Select(n => new LabGuestNode(
                new GuestOptions
                {
                    Name = $"guest{n}", Folder = folder.GuestFolder($"guest{n}"), Assets = assets, Accel = accel,
                    MemoryMebibytes = options.MemoryMebibytes, IsNativeHotplug = options.IsNativeHotplug,
                },
                n)),
        ];
    }

    public LabTransport Transport { get; }

    public LabPlace Folder { get; }

    public string Accel { get; }

    public IReadOnlyList<LabGuestNode> Guests { get; }

    public IReadOnlyList<LabPart> Parts => _parts;

    public IReadOnlyList<LabMember> Members =>
    [
        .. _cables.Select(c => (c.Name, Identity: ProcessIdentity.Of(c.Id))).Where(c => c.Identity is not null)
            .Select(c => new LabMember(c.Name, c.Name[..^CableSuffix.Length], LabRole.Cable, c.Identity!)),
        .. _parts.Select(p => p.Member).OfType<LabMember>(),
    ];

    /// <summary>Starts the daemons, by the first transport that works here, then all guests, and waits until they have booted.</summary>
    /// <param name="options">What the user asked for.</param>
    /// <param name="folder">Ready for use.</param>
    /// <param name="assets">What guests are made of.</param>
    /// <param name="log">Told every step.</param>
    /// <param name="onChange">Called when there are more processes than before, with them.</param>
    /// <param name="cancel">Ends it; nothing is left then.</param>
    /// <exception cref="LabFailure">It cannot be had; nothing is left of the attempt.</exception>
    public static async Task<LabRig> StartAsync(
        LabOptions options, LabPlace folder, GuestAssets assets, StepLog log, Action<LabRig> onChange, CancellationToken cancel)
    {
        var accel = GuestAccel.Choose(options.Accel, log.Step);
        var candidates = LabTransports.ToTry(options.Transport);
        foreach (var candidate in candidates)
        {
            var rig = new LabRig(candidate, options, folder, assets, accel, log);
            try
            {
                await rig.StartDaemonsAsync(onChange, cancel);
                log.Step($"started a switch, an I/O box and {options.Guests} host bridges: {candidate.Description}, MTU {options.MtuBytes}");
                await rig.StartGuestsAsync(onChange, cancel);
                return rig;
            }
            catch (LabFailure e) when (candidate != candidates[^1] && LabTransports.IsReasonToTryNext(e))
            {
                rig.Dispose();
                log.Step($"{candidate.Description}: not possible here ({e.Message})");
            }
            catch
            {
                rig.Dispose();
                throw;
            }
        }

        throw new LabFailure("no-transport", "no transport works here", "see the lines above");
    }

    public string SocketOf(string daemon) => Folder.SocketOf(daemon);

    /// <exception cref="LabFailure">There is none of that name.</exception>
    public LabGuestNode Find(string name) => Guests.FirstOrDefault(g => g.Name == name) ?? throw new LabFailure(
        "no-such-guest", $"no guest is called {name}", $"the guests are {string.Join(", ", Guests.Select(g => g.Name))}");

    public void Dispose()
    {
        // Guests first: they lose their disks only when they are gone.
        foreach (var group in _parts.GroupBy(p => p.Role).OrderByDescending(g => g.Key))
        {
            foreach (var part in group)
            {
                part.AskToStop();
            }

            foreach (var part in group)
            {
                part.Dispose();
            }
        }

        _cables.ForEach(c => c.AskToStop());
        _cables.ForEach(c => c.Dispose());
    }

    private async Task StartDaemonsAsync(Action<LabRig> onChange, CancellationToken cancel)
    {
        string[] nodes = ["io", .. Guests.Select(g => g.Name)];
        var wiring = LabWiring.Of(Transport, nodes.Length, _options.MtuBytes);
        var hub = await HoldAsync("switch", wiring.SwitchPrefix, cancel);
        var cables = new Dictionary<string, LabProcess>();
        foreach (var node in nodes)
        {
            cables[node] = await HoldAsync(node, wiring.NodePrefix(hub.Id), cancel);
        }

        await wiring.ConnectAsync(hub.Id, [.. nodes.Select(n => (n, cables[n].Id))], cancel);
        await using (var pool = File.Create(Folder.In("pool.img")))
        {
            pool.SetLength((NamespaceBytes * 2 * _options.Guests) + PoolSpareBytes);
        }

        var hosts = Guests.Select(g => (g.Name, g.Vlan, Key: KeyMaterial.NewHex())).ToArray();
        KeyedFile.Write(Folder.In("io.toml"), LabConfig.OfBox(wiring.PortTable(0), Folder, _options.VfCount, hosts));
        List<string> ports = ["--port", wiring.SwitchPort(0, "io", "trunk")];
        foreach (var (guest, at) in Guests.Select((g, index) => (g, index)))
        {
            ports.AddRange(["--port", wiring.SwitchPort(at + 1, guest.Name, $"trunk={guest.Vlan}")]);
            KeyedFile.Write(Folder.In($"{guest.Name}.toml"), LabConfig.OfGuestHost(wiring.PortTable(at + 1), Folder.In("state"), hosts[at], guest.Options));
        }

        Add("switch", LabRole.Switch, "switch", wiring, hub, "", ["switch", "--name", "lab", "--mtu", $"{_options.MtuBytes}", .. ports]);
        Add("io", LabRole.Io, "io", wiring, cables["io"], wiring.NodeSetUp, ["io", "--config", Folder.In("io.toml")]);
        foreach (var guest in Guests)
        {
            Directory.CreateDirectory(guest.Options.SlotFolder);
            Add(
                guest.Name, LabRole.Host, HostOf(guest.Name), wiring, cables[guest.Name], wiring.NodeSetUp,
                ["host", "--config", Folder.In($"{guest.Name}.toml")]);
        }

        onChange(this);
        await Together.RunAsync(_parts, (part, token) => part.StartAsync(token), cancel);
        onChange(this);
        _parts.AddRange(Guests.Select(guest => new LabPart(
            guest.Name, LabRole.Guest, token => StartGuestAsync(guest, wiring.InsideOf(cables[guest.Name].Id), token))));
    }

    /// <summary>The name of the daemon that is a guest's host bridge; its control socket is named after it.</summary>
    public static string HostOf(string guest) => $"{guest}-host";

    private async Task StartGuestsAsync(Action<LabRig> onChange, CancellationToken cancel)
    {
        _log.Step($"booting {string.Join(", ", Guests.Select(g => g.Name))}: {_options.MemoryMebibytes} MiB each, {Accel}");
        await Together.RunAsync(_parts.Where(p => p.Role == LabRole.Guest), (part, token) => part.StartAsync(token), cancel);
        onChange(this);
    }

    private async Task<LabProcess> StartGuestAsync(LabGuestNode node, IReadOnlyList<string> prefix, CancellationToken cancel)
    {
        var guest = await Guest.StartAsync(node.Options, prefix, Folder.Path, cancel);
        try
        {
            await guest.ReadyAsync(cancel);
        }
        catch
        {
            guest.Dispose();
            throw;
        }

        node.Guest = guest;
        _log.Step($"{node.Name} is up, {guest.BootTime.TotalSeconds:0.0} s after QEMU's start");
        return guest.Process;
    }

    private async Task<LabProcess> HoldAsync(string node, IReadOnlyList<string> prefix, CancellationToken cancel)
    {
        var cable = LabProcess.Hold(node + CableSuffix, prefix, Folder.Path);
        _cables.Add(cable);
        await cable.HereAsync(cancel);
        return cable;
    }

    private void Add(string node, LabRole role, string name, LabWiring wiring, LabProcess cable, string before, IReadOnlyList<string> arguments) =>
        _parts.Add(new LabPart(node, role, async cancel =>
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(TimeSpan.FromSeconds(LabLimits.StartSeconds));
            var process = LabProcess.Start(
                name, wiring.InsideOf(cable.Id), before, [.. OwnProgram.Command, .. arguments, "--socket", SocketOf(name), "--exit-with-stdin", "--json"],
                Folder.Path);
            try
            {
                await process.HereAsync(limit.Token);
                await process.GoAsync(limit.Token);
                await process.ReadyAsync(limit.Token);
                return process;
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                process.Dispose();
                throw new LabFailure("not-started", $"{name} was not ready within {LabLimits.StartSeconds} s", "look at the load of this machine");
            }
            catch
            {
                process.Dispose();
                throw;
            }
        }));
}
