using ExpEther.Core.Stages;
using ExpEther.Daemon.Config;

namespace ExpEther.Daemon.Io;

/// <summary>The devices of a box by name, and the files behind them.</summary>
internal sealed class DeviceSet : IDisposable
{
    private readonly List<NvmeDevice> _all = [];
    private readonly List<NamedController> _controllers = [];
    private readonly StageClock _stages;

    /// <exception cref="Backends.BackendException">A namespace's file cannot be served; nothing is open then.</exception>
    public DeviceSet(IEnumerable<DeviceConfig> devices, string box, StageClock stages, IEventSink events)
    {
        _stages = stages;
        try
        {
            foreach (var device in devices)
            {
                Add(Open(device, box, events));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IReadOnlyList<NvmeDevice> All => _all;

    /// <summary>Of all devices.</summary>
    public IReadOnlyList<NamedController> Controllers => _controllers;

    /// <summary>Null: there is none of that name.</summary>
    public NvmeDevice? Find(string name) => _all.Find(d => d.Config.Name == name);

    public NvmeDevice Get(string name) => _all.Single(d => d.Config.Name == name);

    /// <summary>What is wrong with a device's storage, in words; empty: nothing, or there is no such device.</summary>
    public string TroubleOf(string name) => _all.Find(d => d.Config.Name == name)?.Trouble ?? "";

    /// <summary>A device that is in no set yet.</summary>
    /// <exception cref="Backends.BackendException">A namespace's file cannot be served; nothing is open then.</exception>
    public NvmeDevice Open(DeviceConfig device, string box, IEventSink events) => new(device, box, _stages, events);

    public void Add(NvmeDevice device)
    {
        _all.Add(device);
        _controllers.AddRange(device.Controllers);
    }

    /// <summary>Hands a device to the caller, to dispose of.</summary>
    public NvmeDevice Take(string name)
    {
        var device = Get(name);
        _all.Remove(device);
        _controllers.RemoveAll(device.Controllers.Contains);
        return device;
    }

    public void Dispose()
    {
        foreach (var device in _all)
        {
            device.Dispose();
        }

        _all.Clear();
        _controllers.Clear();
    }
}
