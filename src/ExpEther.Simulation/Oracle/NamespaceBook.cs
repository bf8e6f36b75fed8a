using ExpEther.Bridge.Io.Ownership;
using ExpEther.Core.Time;
using ExpEther.Nvme.Pool;

namespace ExpEther.Simulation.Oracle;

/// <summary>All private namespaces of all boxes that were ever seen or recorded, by device and UUID.</summary>
internal sealed class NamespaceBook(FabricRun run)
{
    private readonly List<NamespaceModel> _all = [];

    public IEnumerable<NamespaceModel> Of(string device) => _all.Where(each => each.Device == device);

    /// <summary>A namespace that reads as zeroes if nobody knew it before.</summary>
    public NamespaceModel Find(string device, uint id, Guid uuid)
    {
        if (_all.Find(each => each.Device == device && each.Uuid == uuid) is { } found)
        {
            return found.Id == id ? found : throw new SimulationFailure($"{found.Name} is found as namespace {id}");
        }

        var name = $"{device} namespace {id} {uuid.ToString()[..8]}";
        var made = new NamespaceModel(device, id, uuid, run.MakeModel(name, BlockPattern.Zeroes));
        _all.Add(made);
        return made;
    }

    /// <summary>Configured namespaces, which all hosts share, come before those of the pool.</summary>
    public static bool IsPrivate(uint id) => id >= PoolLimits.FirstNamespaceId;

    /// <summary>A box's record of owners became durable.</summary>
    public void OnRecorded(string device, OwnershipImage? image, Instant now, bool isCommandRunning)
    {
        var records = image?.Namespaces.Where(each => each.Device == device).ToList() ?? [];
        records.ForEach(each => Find(device, each.Id, each.Uuid));
        foreach (var model in Of(device))
        {
            var record = records.Find(each => each.Uuid == model.Uuid);
            model.OnRecorded(record is null ? null : run.Hosts.Single(each => each.Mac == record.Owner.Mac).Name, now, isCommandRunning);
        }
    }

    /// <summary>The box crashed, with all that was under way in it.</summary>
    public void OnCrash(string device, Instant now)
    {
        foreach (var model in Of(device))
        {
            model.Contents.OnCrash();
            model.Settle(now);
        }
    }
}
