using ExpEther.Backends;
using ExpEther.Backends.Files;
using ExpEther.Backends.Ram;
using ExpEther.Core.Stages;
using ExpEther.Daemon.Config;
using ExpEther.Linux;
using ExpEther.Linux.Files;
using ExpEther.Nvme.Backends;
using ExpEther.Nvme.Controller;
using ExpEther.Nvme.Pool;
using ExpEther.Pcie.Ports;

namespace ExpEther.Daemon.Io;

/// <summary>An NVMe device, conventional or with virtual functions, with the files and memory behind it.</summary>
internal sealed class NvmeDevice : IDisposable
{
    private readonly List<FileBackend> _files = [];
    private readonly List<LoopClaim> _claims = [];
    private readonly Func<uint, bool, bool> _setReadOnly;
    private readonly NvmeSrIovDevice? _shared;

    /// <exception cref="BackendException">A namespace's or the pool's file cannot be served.</exception>
    public NvmeDevice(DeviceConfig config, string box, StageClock stages, IEventSink events)
    {
        Config = config;
        try
        {
            var options = new NvmeControllerOptions
            {
                Name = config.Name,
                SerialNumber = config.Serial,
                SerialNumberScope = box,
                ModelNumber = config.Model,
                Continuity = DeviceContinuity.Of(config),
                Namespaces =
                [
                    .. config.Namespaces.Select(n => new NvmeNamespaceOptions
                    {
                        Backend = Open(n, n.IsReadOnly), ReadOnly = n.IsReadOnly, Shared = config.Vfs > 0, Writable = !n.IsReadOnly,
                    }),
                ],
            };
            if (config.Vfs == 0)
            {
                var controller = new NvmeController(options, events);
                Controllers = [new NamedController(config.Name, controller)];
                _setReadOnly = controller.SetNamespaceReadOnly;
                OnBus = new StagedDevice(controller, stages);
            }
            else
            {
                var device = new NvmeSrIovDevice(SharedOptions(options), events);
                Controllers =
                [
                    new NamedController(config.Name, device.Primary),
                    .. device.Secondaries.Select((secondary, i) => new NamedController($"{config.Name}.vf{i + 1}", secondary)),
                ];
                _setReadOnly = device.SetNamespaceReadOnly;
                _shared = device;
                OnBus = new StagedDevice(device, stages);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>As it was opened.</summary>
    public DeviceConfig Config { get; }

    /// <summary>The only one; with virtual functions the primary and then those of VF 1 and on.</summary>
    public IReadOnlyList<NamedController> Controllers { get; }

    /// <summary>What is wrong with its storage, in words; empty: nothing.</summary>
    public string Trouble => Controllers[0].Controller.StorageTrouble;

    /// <summary>The device as the I/O bridge gets it: time spent in it is counted as the device's.</summary>
    public IPcieDevice OnBus { get; }

    /// <summary>False: the namespace's file was opened for reading only, so it stays write protected.</summary>
    /// <param name="id">NSID, from 1.</param>
    public bool CanBeWritten(int id) => Config.Namespaces[id - 1] is { File.Length: 0 } or { IsReadOnly: false };

    /// <summary>Write-protects a namespace of the configuration or lifts that; hosts that see it are told.</summary>
    /// <returns>False: no such namespace.</returns>
    public bool SetNamespaceReadOnly(uint id, bool isReadOnly) => _setReadOnly(id, isReadOnly);

    /// <inheritdoc cref="NvmeSrIovDevice.PoolDoubt"/>
    public string PoolDoubt => _shared?.PoolDoubt ?? "";

    /// <inheritdoc cref="NvmeSrIovDevice.TryAcceptPoolLoss"/>
    public bool TryAcceptPoolLoss() => _shared?.TryAcceptPoolLoss() ?? false;

    /// <summary>Readable when a backend has completions.</summary>
    public IEnumerable<int> PollFileDescriptors => _files.Select(f => f.PollFileDescriptor);

    public void Dispose()
    {
        foreach (var file in _files)
        {
            file.Dispose();
        }

        _files.Clear();
        _claims.ForEach(claim => claim.Dispose());
        _claims.Clear();
    }

    private NvmeSrIovOptions SharedOptions(NvmeControllerOptions primary) => new()
    {
        Primary = primary,
        Pool = Config.Pool is { } pool ? new NamespacePool(Open(pool, isReadOnly: false), new SystemRandom()) : null,
        TotalVfs = Config.Vfs,
        // One more for the admin queue.
        FlexibleQueuesPerVf = Config.QueuesPerVf + 1,
    };

    private IBlockBackend Open(BackingConfig config, bool isReadOnly)
    {
        if (config.File.Length == 0)
        {
            return new RamBackend(config.RamBytes, config.BlockBytes);
        }

        var other = LoopClaim.TryTake(config.File, isReadOnly, out var claim);
        if (other.Length > 0)
        {
            throw new BackendException($"'{config.File}' shows the file '{other}', which is in use by {HolderOf(other)}: what is written has one server");
        }

        if (claim is not null)
        {
            _claims.Add(claim);
        }

        try
        {
            var file = new FileBackend(config.File, new FileBackendOptions { BlockBytes = config.BlockBytes, IsReadOnly = isReadOnly });
            _files.Add(file);
            return file;
        }
        catch (BackendException e) when (
            e.InnerException is LinuxException { Error: Errno.EAGAIN or Errno.EBUSY } && LockHolder.Find(config.File) is { } holder)
        {
            throw new BackendException($"'{config.File}' is in use by {holder}: what is written has one server", e);
        }
    }

    private static string HolderOf(string file) => LockHolder.Find(file)?.ToString() ?? "a process that cannot be seen from here";
}
