using System.Net;
using System.Text.Json.Nodes;
using ExpEther.Cli.Guests;
using ExpEther.Cli.Tests.Lab;
using ExpEther.Cli.Wiring;

namespace ExpEther.Lab.Tests.Lab;

/// <summary>
/// What a user would set up by hand where <c>lab up</c> makes something else: an I/O box and one host daemon, configured as the test says, on UDP over
/// loopback through a switch, and QEMUs with the command lines that it says.
/// </summary>
internal sealed class HandMadeLab : IAsyncDisposable
{
    private const string Key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    private const int FirstVlan = 101;

    private readonly LabFolder _folder = new();
    private readonly List<Expether.Running> _daemons = [];
    private readonly List<Guest> _guests = [];
    private readonly GuestAssets _assets;

    private HandMadeLab(GuestAssets assets) => _assets = assets;

    public LabFolder Folder => _folder;

    public string Io => _folder.File("io.sock");

    /// <summary>The one host daemon's control socket.</summary>
    public string Host => _folder.File("host.sock");

    private string Switch => _folder.File("switch.sock");

    private string FolderPath => Path.GetDirectoryName(_folder.File("x"))!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Skips the test where guests cannot be had.</summary>
    /// <param name="device">The box's <c>[[device]]</c>, made when its folder is there.</param>
    /// <param name="hosts">Their names: each is a guest's.</param>
    /// <param name="qemuKeys">More of every <c>[host.qemu]</c>.</param>
    public static async Task<HandMadeLab> StartAsync(Func<LabFolder, Task<string>> device, string[] hosts, string qemuKeys = "")
    {
        var lab = new HandMadeLab(GuestAssumptions.AssetsOrSkip());
        try
        {
            var ends = LabWiring.FreeEndPoints(4);
            var (io, host) = (Port(ends[0], ends[1]), Port(ends[2], ends[3]));
            io = $"name = \"box\"\nstateDirectory = \"state\"\n{io}";
            host = $"stateDirectory = \"state\"\n{host}";
            foreach (var (at, name) in hosts.Index())
            {
                var table = $"\n[[host]]\nname = \"{name}\"\nvlan = {FirstVlan + at}\nkey = \"{Key}\"\n";
                io += table;
                host += $"{table}{lab.OptionsOf(name).HostTable}{qemuKeys}\n";
            }

            var trunk = string.Join('+', hosts.Select((_, at) => FirstVlan + at));
            lab._daemons.Add(Expether.Start(
                "switch", "--name", "cables", "--port", $"io,udp={ends[1]},peer={ends[0]},trunk", "--port", $"host,udp={ends[3]},peer={ends[2]},trunk={trunk}",
                "--socket", lab.Switch));
            lab._daemons.Add(Expether.Start("io", "--config", lab._folder.Write("io.toml", $"{io}\n{await device(lab._folder)}\n"), "--socket", lab.Io));
            lab._daemons.Add(Expether.Start("host", "--config", lab._folder.Write("host.toml", host), "--socket", lab.Host));
            await lab.UntilAsync("links", lab.Io, box => box["started"]!.GetValue<bool>()
                && box["hosts"]!.AsArray().All(h => h!["link"]!.GetValue<string>() == "up"));
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>Breaks or mends the host daemon's cable.</summary>
    public Task FaultAsync(string fault) => JsonAsync("switch", "fault", "host", fault, "--socket", Switch);

    /// <summary>How <c>lab up</c> would make a guest; change what the test is about.</summary>
    public GuestOptions OptionsOf(string name) => new()
    {
        Name = name, Folder = _folder.File(name), Assets = _assets, Accel = GuestAccel.Choose("auto", _ => { }),
    };

    /// <summary>Starts a guest and waits until it has booted.</summary>
    public async Task<Guest> BootAsync(GuestOptions options)
    {
        var guest = await StartAsync(options);
        await guest.ReadyAsync(Cancel);
        return guest;
    }

    /// <summary>Starts a guest's QEMU and waits for nothing, as for one that gets its state from elsewhere.</summary>
    public async Task<Guest> StartAsync(GuestOptions options)
    {
        var guest = await Guest.StartAsync(options, [], FolderPath, Cancel);
        _guests.Add(guest);
        return guest;
    }

    /// <summary>Runs a command line of the guest's shell, which must end with 0.</summary>
    /// <returns>What it printed.</returns>
    public async Task<string> InAsync(Guest guest, string command)
    {
        var (code, output) = await TryInAsync(guest, command);
        return code == 0 ? output : throw Failed($"in {guest.Name} `{command}` ended with {code}:\n{output}");
    }

    /// <summary>Runs a command line of the guest's shell to its end.</summary>
    public async Task<(int Code, string Output)> TryInAsync(Guest guest, string command)
    {
        using var shell = await guest.ShellAsync(Cancel).WaitAsync(LabTestLimits.ConditionTime, Cancel);
        return await shell.AskAsync(command, Cancel).WaitAsync(LabTestLimits.CommandTime, Cancel);
    }

    /// <summary>Waits until a guest has a disk, or has none any more. It looks by itself; asking from here would take longer than the disk does.</summary>
    public Task DiskAsync(Guest guest, string disk, bool isThere = true) => InAsync(
        guest, $"n=0; while [ {(isThere ? "!" : "")} -b {disk} ]; do usleep 20000; n=$((n + 1)); [ $n -lt 3000 ] || exit 1; done");

    /// <summary>Runs <c>expether</c> to its end, which must be with 0.</summary>
    /// <param name="arguments">All but <c>--json</c>.</param>
    public async Task<JsonObject> JsonAsync(params IReadOnlyList<string> arguments)
    {
        using var running = Expether.Start([.. arguments, "--json"]);
        var ended = await running.EndAsync().WaitAsync(LabTestLimits.CommandTime, Cancel);
        return ended.Code == 0 ? ended.Json : throw Failed($"`expether {string.Join(' ', arguments)}` ended with {ended.Code}:\n{ended.Error}{ended.Output}");
    }

    public Task AttachAsync(string function, string host) => JsonAsync("attach", function, host, "--socket", Io);

    public Task DetachAsync(string function) => JsonAsync("detach", function, "--socket", Io);

    /// <summary>Makes a private namespace of <c>disk1</c> for a host.</summary>
    public Task NamespaceAsync(string host, string bytes) => JsonAsync("namespace", "create", "disk1", bytes, host, "--socket", Io);

    /// <summary>A slot of a host, as its daemon tells it.</summary>
    public static JsonObject SlotOf(JsonObject daemon, string host) =>
        daemon["hosts"]!.AsArray().Single(h => h!["name"]!.GetValue<string>() == host)!["slots"]![0]!.AsObject();

    /// <summary>Asks a daemon until its answer is as waited for. Each question is a process, so this neither spins nor sleeps.</summary>
    public async Task<JsonObject> UntilAsync(string what, string socket, Func<JsonObject, bool> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(LabTestLimits.ConditionTime);
        while (!limit.IsCancellationRequested)
        {
            Assert.DoesNotContain(_daemons, d => d.HasEnded);
            using var running = Expether.Start("ls", "--socket", socket, "--json");
            if (await running.EndAsync() is { Code: 0 } ended && condition(ended.Json))
            {
                return ended.Json;
            }
        }

        throw Failed($"{what}: not within {LabTestLimits.ConditionTime}");
    }

    public async ValueTask DisposeAsync()
    {
        TestContext.Current.TestOutputHelper?.WriteLine(LabLogs.EndsOf(FolderPath));
        _guests.ForEach(g => g.Dispose());
        foreach (var daemon in Enumerable.Reverse(_daemons))
        {
            if (!daemon.HasEnded)
            {
                daemon.Signal("TERM");
            }

            TestContext.Current.TestOutputHelper?.WriteLine((await daemon.EndAsync()).Error);
            daemon.Dispose();
        }

        _folder.Dispose();
    }

    private InvalidOperationException Failed(string what) => new($"{what}\n{LabLogs.EndsOf(FolderPath)}");

    private static string Port(IPEndPoint own, IPEndPoint peer) => $"[port]\nkind = \"udp\"\nlisten = \"{own}\"\npeers = [\"{peer}\"]\n";
}
