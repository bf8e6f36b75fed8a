using System.Text.Json;
using System.Text.Json.Nodes;

namespace ExpEther.Qemu.Tests.Monitors;

/// <summary>
/// A QEMU as far as a machine's slots meet it: its devices, its monitor, and a vfio-user client per device. Errors are in the words of QEMU 11.1.3. While
/// it realizes a device it takes no other command.
/// </summary>
internal sealed class QemuModel : IDisposable
{
    private readonly Queue<(string Command, JsonElement Arguments, long Id)> _waiting = new();
    private (VfioUserClient Client, string Id, string Bus, long Command)? _realizing;

    private const int CancelTurns = 20;

    private int _cancelling;

    public QemuModel(string path) => Monitor = new ScriptedMonitor(path) { Deferred = (command, arguments, id) => _waiting.Enqueue((command, arguments, id)) };

    public ScriptedMonitor Monitor { get; }

    public List<ModelDevice> Devices { get; } = [];

    public HashSet<string> Buses { get; } = ["expether-port1", "expether-port2"];

    /// <summary>The bus on which the guest's ports are; those behind them follow.</summary>
    public int FirstBus { get; set; } = 2;

    public GuestManners Manners { get; set; } = GuestManners.LetsGo;

    /// <summary>The next device_add is answered by these words.</summary>
    public string? Refusal { get; set; }

    public Guid Uuid { get; set; }

    /// <summary>As query-status names it.</summary>
    public string RunState { get; set; } = "running";

    /// <summary>Told of each command right after it was answered; null: nothing is told.</summary>
    public Action<string>? AfterAnswer { get; set; }

    /// <summary>A migration runs, as long as which it takes no device_add and no device_del.</summary>
    public bool IsMigrating { get; private set; }

    /// <summary>How far its migration is, as MIGRATION tells it.</summary>
    public void Migrate(string status)
    {
        IsMigrating = status is "setup" or "active" or "device";
        Monitor.SendEvent("MIGRATION", new JsonObject { ["status"] = status });
    }

    public ModelDevice? this[string id] => Devices.SingleOrDefault(d => d.Id == id);

    /// <summary>QEMU starts; a device on its command line is realized first, and then the monitor greets.</summary>
    public void Start() => Monitor.Listen();

    /// <summary>A device of the command line; null when the server could not be reached.</summary>
    public VfioUserClient? StartDevice(string? id, string bus, string socket)
    {
        if (VfioUserClient.Realize(socket) is not { } client)
        {
            return null;
        }

        Devices.Add(new ModelDevice(id, bus, client));
        return client;
    }

    /// <summary>QEMU ends, by whatever means: all its sockets close.</summary>
    public void End()
    {
        Monitor.End();
        _realizing?.Client.Dispose();
        _realizing = null;
        _waiting.Clear();
        Devices.ForEach(d => d.Client.Dispose());
        Devices.Clear();
    }

    /// <summary>The guest lets go of a device.</summary>
    public void LetGo(ModelDevice device)
    {
        device.Client.Dispose();
        Devices.Remove(device);
        var data = new JsonObject { ["path"] = PathOf(device) };
        if (device.Id is { } id)
        {
            data["device"] = id;
        }

        Monitor.SendEvent("DEVICE_DELETED", data);
    }

    public void Poll()
    {
        Monitor.Poll();
        foreach (var device in Devices.ToArray())
        {
            device.Client.Poll();
            if (device.IsUnplugPending && Manners == GuestManners.LetsGo)
            {
                LetGo(device);
            }
        }

        EndRealize();
        if (_cancelling > 0 && --_cancelling == 0)
        {
            Migrate("cancelled");
        }

        while (_realizing is null && _waiting.TryDequeue(out var next))
        {
            if (Run(next.Command, next.Arguments, next.Id) is { } answer)
            {
                Monitor.Reply(answer, next.Id);
                AfterAnswer?.Invoke(next.Command);
            }
        }
    }

    public void Dispose()
    {
        End();
        Monitor.Dispose();
    }

    private static string PathOf(ModelDevice device) => device.Id is { } id ? $"/machine/peripheral/{id}" : "/machine/peripheral-anon/device[0]";

    private static JsonObject Child(string name, string type) => new() { ["name"] = name, ["type"] = $"child<{type}>" };

    private void EndRealize()
    {
        if (_realizing is not { } r)
        {
            return;
        }

        r.Client.Poll();
        if (r.Client.IsRealized)
        {
            Devices.Add(new ModelDevice(r.Id, r.Bus, r.Client));
            Monitor.Reply(ScriptedMonitor.Done(), r.Command);
            _realizing = null;
        }
        else if (r.Client.IsClosed)
        {
            r.Client.Dispose();
            Monitor.Reply(ScriptedMonitor.Error("GenericError", "vfio vfio-user: failed to get device"), r.Command);
            _realizing = null;
        }
    }

    private JsonObject? Run(string command, JsonElement arguments, long id) => command switch
    {
        "query-kvm" => ScriptedMonitor.Done(new JsonObject { ["enabled"] = false, ["present"] = true }),
        "query-status" => ScriptedMonitor.Done(new JsonObject { ["running"] = RunState == "running", ["status"] = RunState }),
        "query-uuid" => ScriptedMonitor.Done(new JsonObject { ["UUID"] = Uuid.ToString() }),
        "migrate_cancel" => Cancel(),
        "device_add" or "device_del" when IsMigrating => ScriptedMonitor.Error("GenericError", $"{command} not allowed while migrating"),
        "device_add" => Add(arguments, id),
        "device_del" => Delete(arguments.GetProperty("id").GetString()!),
        "qom-list" => ScriptedMonitor.Done(List(arguments.GetProperty("path").GetString()!)),
        "qom-get" => BusOf(arguments.GetProperty("path").GetString()!),
        "query-pci" => ScriptedMonitor.Done(Pci()),
        _ => ScriptedMonitor.Done(),
    };

    /// <summary>It answers at once; that the migration has ended it says a moment later.</summary>
    private JsonObject Cancel()
    {
        if (IsMigrating)
        {
            Monitor.SendEvent("MIGRATION", new JsonObject { ["status"] = "cancelling" });
            _cancelling = CancelTurns;
        }

        return ScriptedMonitor.Done();
    }

    private JsonObject? Add(JsonElement arguments, long command)
    {
        var (id, bus) = (arguments.GetProperty("id").GetString()!, arguments.GetProperty("bus").GetString()!);
        Assert.Equal("vfio-user-pci", arguments.GetProperty("driver").GetString());
        Assert.Equal("unix", arguments.GetProperty("socket").GetProperty("type").GetString());
        if (Refusal is { } refusal)
        {
            return ScriptedMonitor.Error("GenericError", refusal);
        }

        if (!Buses.Contains(bus))
        {
            return ScriptedMonitor.Error("GenericError", $"Bus '{bus}' not found");
        }

        if (this[id] is not null)
        {
            return ScriptedMonitor.Error("GenericError", $"Duplicate device ID '{id}'");
        }

        if (Devices.Any(d => d.Bus == bus))
        {
            return ScriptedMonitor.Error(
                "GenericError", "PCI: slot 0 function 0 already occupied by vfio-user-pci, new func vfio-user-pci cannot be exposed to guest.");
        }

        if (VfioUserClient.Realize(arguments.GetProperty("socket").GetProperty("path").GetString()!) is not { } client)
        {
            return ScriptedMonitor.Error("GenericError", "Failed to connect socket");
        }

        _realizing = (client, id, bus, command);
        return null;
    }

    private JsonObject Delete(string id)
    {
        var device = Devices.SingleOrDefault(d => d.Id == id || PathOf(d) == id);
        if (device is null)
        {
            return ScriptedMonitor.Error("DeviceNotFound", $"Device '{id}' not found");
        }

        if (device.IsUnplugPending)
        {
            return ScriptedMonitor.Error("GenericError", $"Device {id} is already in the process of unplug");
        }

        device.IsUnplugPending = Manners != GuestManners.Refuses;
        if (Manners == GuestManners.Refuses)
        {
            Monitor.SendEvent("DEVICE_UNPLUG_GUEST_ERROR", new JsonObject { ["device"] = id, ["path"] = PathOf(device) });
        }

        return ScriptedMonitor.Done();
    }

    private JsonArray List(string path)
    {
        var list = new JsonArray(new JsonObject { ["name"] = "type", ["type"] = "string" });
        var isNamed = path == "/machine/peripheral";
        foreach (var bus in isNamed ? Buses : [])
        {
            list.Add(Child(bus, "xio3130-downstream"));
        }

        foreach (var device in Devices.Where(d => d.Id is not null == isNamed))
        {
            list.Add(Child(device.Id ?? "device[0]", "vfio-user-pci"));
        }

        return list;
    }

    private JsonObject BusOf(string path) => Devices.SingleOrDefault(d => PathOf(d) == path) is { } device
        ? ScriptedMonitor.Done($"/machine/peripheral/{device.Bus}/{device.Bus}")
        : ScriptedMonitor.Error("GenericError", $"Device '{path}' not found");

    private JsonArray Pci()
    {
        var ports = new JsonArray();
        var number = 0;
        foreach (var bus in Buses)
        {
            number++;
            var devices = new JsonArray();
            foreach (var device in Devices.Where(d => d.Bus == bus))
            {
                devices.Add(new JsonObject
                {
                    ["bus"] = FirstBus + number, ["slot"] = 0, ["function"] = 0, ["qdev_id"] = device.Id ?? "",
                    ["regions"] = new JsonArray(new JsonObject { ["bar"] = 0, ["address"] = 0xFEA00000 }),
                });
            }

            ports.Add(new JsonObject
            {
                ["bus"] = FirstBus, ["slot"] = number, ["function"] = 0, ["qdev_id"] = bus, ["regions"] = new JsonArray(),
                ["pci_bridge"] = new JsonObject { ["devices"] = devices },
            });
        }

        return new JsonArray(new JsonObject { ["bus"] = 0, ["devices"] = ports });
    }
}
