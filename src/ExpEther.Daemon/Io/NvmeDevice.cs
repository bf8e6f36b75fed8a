using ExpEther.Backends;
using ExpEther.Backends.Files;
using ExpEther.Backends.Ram;
using ExpEther.Core.Stages;
using ExpEther.Daemon.Config;
using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Controller;
using ExpEther.Pcie.Ports;

namespace ExpEther.Daemon.Io;

/// <summary>An NVMe controller with the files and memory behind it.</summary>
internal sealed class NvmeDevice : IDisposable
{
    private readonly List<FileBackend> _files = [];

    /// <exception cref="BackendException">A namespace's file cannot be served.</exception>
    public NvmeDevice(DeviceConfig config, string box, StageClock stages, IEventSink events)
    {
        Config = config;
        try
        {
            Controller = new NvmeController(
                new NvmeControllerOptions
                {
                    Name = config.Name,
                    SerialNumber = config.Serial,
                    SerialNumberScope = box,
                    ModelNumber = config.Model,
                    Namespaces = [.. config.Namespaces.Select(n => new NvmeNamespaceOptions { Backend = Open(n), ReadOnly = n.IsReadOnly })],
                },
                events);
            OnBus = new StagedDevice(Controller, stages);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>As it was opened.</summary>
    public DeviceConfig Config { get; }

    public NvmeController Controller { get; }

    /// <summary>The controller as the I/O bridge gets it: time spent in it is counted as the device's.</summary>
    public IPcieDevice OnBus { get; }

    /// <summary>False: the namespace's file was opened for reading only, so it stays write protected.</summary>
    /// <param name="id">NSID, from 1.</param>
    public bool CanBeWritten(int id) => Config.Namespaces[id - 1] is { File.Length: 0 } or { IsReadOnly: false };

    /// <summary>Readable when a backend has completions.</summary>
    public IEnumerable<int> PollFileDescriptors => _files.Select(f => f.PollFileDescriptor);

    public void Dispose()
    {
        foreach (var file in _files)
        {
            file.Dispose();
        }

        _files.Clear();
    }

    private IBlockBackend Open(NamespaceConfig config)
    {
        if (config.File.Length == 0)
        {
            return new RamBackend(config.RamBytes, config.BlockBytes);
        }

        var file = new FileBackend(config.File, new FileBackendOptions { BlockBytes = config.BlockBytes, IsReadOnly = config.IsReadOnly });
        _files.Add(file);
        return file;
    }
}
