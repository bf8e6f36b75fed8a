using ExpEther.Core.Time;
using ExpEther.Nvme.Driver;
using ExpEther.Nvme.Protocol;
using ExpEther.Simulation.Oracle;
using ExpEther.Simulation.Stations;

namespace ExpEther.Simulation.Load;

/// <summary>
/// A host's look at the namespaces of a virtual function: when the driver says that they changed, and now and then, since one may have gone
/// and another come in its place. Each that it sees must be its own or shared, and gets a load.
/// </summary>
internal sealed class NamespaceWatch
{
    private const int DescriptorHeaderBytes = 4;
    private const int UuidBytes = 16;

    private readonly FabricRun _run;
    private readonly HostStation _host;
    private readonly List<DiskLoad> _loads = [];
    private Instant _nextLook;

    public NamespaceWatch(FabricRun run, HostStation host, NvmeDisk disk)
    {
        (_run, _host, Disk) = (run, host, disk);
        disk.NamespacesChanged += _ => _nextLook = Instant.Zero;
        host.Scheduler.Start(WatchAsync);
    }

    public NvmeDisk Disk { get; }

    public IEnumerable<DiskLoad> Loads => _loads;

    private async Task WatchAsync()
    {
        while (Disk.IsUsable)
        {
            if (_host.Scheduler.Now >= _nextLook)
            {
                _nextLook = _host.Scheduler.Now + SimulationLimits.NamespaceLook;
                await LookAsync();
            }

            await _host.Scheduler.Delay(SimulationLimits.NamespaceChangeLook);
        }
    }

    private async Task LookAsync()
    {
        _loads.Where(load => Disk.Namespaces.All(each => each.Id != load.Namespace)).ToList().ForEach(load => load.Stop());
        foreach (var seen in Disk.Namespaces)
        {
            if (!NamespaceBook.IsPrivate(seen.Id))
            {
                Use(seen.Id, _run.ModelOf(Disk.SerialNumber), null);
                continue;
            }

            var since = _host.Scheduler.Now;
            if (await UuidOfAsync(seen.Id) is { } uuid)
            {
                var model = _run.Namespaces.Find(Disk.SerialNumber, seen.Id, uuid);
                Check(model, since);
                Use(seen.Id, model.Contents, model);
            }
        }

        _loads.RemoveAll(load => load is { IsStopped: true, Running.Count: 0 });
    }

    private void Check(NamespaceModel model, Instant since)
    {
        if (!model.MayBeOf(_host.Name, since))
        {
            throw new SimulationFailure($"{_host.Name} sees {model.Name}, which is {model.Owner ?? "nobody"}'s");
        }

        if (model.GoneSince <= since)
        {
            throw new SimulationFailure($"{_host.Name} sees {model.Name}, which was deleted");
        }
    }

    private void Use(uint id, DiskModel contents, NamespaceModel? owned)
    {
        if (_loads.Exists(load => !load.IsStopped && load.Namespace == id && load.Owned == owned) || !Disk.IsUsable)
        {
            return;
        }

        _loads.FindAll(load => load.Namespace == id).ForEach(load => load.Stop());
        _loads.Add(new DiskLoad(_run, _host, Disk, id, contents, owned));
    }

    /// <summary>From the namespace's identification descriptors (NVMe 1.4 §5.15.2.5); null: it is not there, or there is no answer.</summary>
    private async Task<Guid?> UuidOfAsync(uint id)
    {
        var memory = _host.RootComplex.Memory;
        var page = memory.Allocate(NvmeSizes.IdentifyBytes);
        var result = await Disk.IdentifyAsync((byte)IdentifyCns.NamespaceDescriptors, id, page);
        var uuid = result.IsSuccess ? Parse(memory.SpanOf(page)) : null;
        memory.Free(page);
        return uuid;
    }

    private static Guid? Parse(ReadOnlySpan<byte> descriptors)
    {
        while (descriptors.Length >= DescriptorHeaderBytes && descriptors[1] > 0)
        {
            var bytes = descriptors[1];
            if ((NamespaceIdType)descriptors[0] == NamespaceIdType.Uuid && bytes == UuidBytes)
            {
                return new Guid(descriptors.Slice(DescriptorHeaderBytes, UuidBytes), bigEndian: true);
            }

            descriptors = descriptors[(DescriptorHeaderBytes + bytes)..];
        }

        return null;
    }
}
