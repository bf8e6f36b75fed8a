using ExpEther.Backends;
using ExpEther.Backends.Files;
using ExpEther.Backends.Ram;
using ExpEther.Daemon.Config;
using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Controller;

namespace ExpEther.Daemon.Io;

/// <summary>An NVMe controller with the files and memory behind it.</summary>
internal sealed class NvmeDevice : IDisposable
{
    private readonly List<FileBackend> _files = [];

    /// <exception cref="BackendException">A namespace's file cannot be served.</exception>
    public NvmeDevice(DeviceConfig config, string box, IEventSink events)
    {
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
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public NvmeController Controller { get; }

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
            return new RamBackend(config.RamBytes, config.BlockBytes, config.IsReadOnly);
        }

        var file = new FileBackend(config.File, new FileBackendOptions { BlockBytes = config.BlockBytes, IsReadOnly = config.IsReadOnly });
        _files.Add(file);
        return file;
    }
}
