using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Io.Namespaces;
using ExpEther.Bridge.Io.Status;
using ExpEther.Core.Time;
using ExpEther.Simulation.Stations;
using ExpEther.Simulation.Storage;

namespace ExpEther.Simulation.Oracle;

/// <summary>
/// Whether a fabric that nobody disturbs any more is whole as far as devices are shared: every virtual function is in its owner's hands, every
/// owner that has one sees its namespaces in their true size, and nobody sees any other. Boxes are asked for their namespaces now and then.
/// </summary>
internal sealed class SharingCheck(FabricRun run)
{
    private static readonly TimeSpan AskInterval = TimeSpan.FromMilliseconds(500);

    private readonly Dictionary<string, NamespaceDeviceStatus?> _told = [];
    private Instant _nextAsk;

    /// <summary>What is missing still, for people.</summary>
    public string Missing { get; private set; } = "";

    public bool IsWhole(Instant now)
    {
        if (now >= _nextAsk)
        {
            _nextAsk = now + AskInterval;
            foreach (var box in run.Boxes.Where(each => each is { IsReady: true, Shared: not null }))
            {
                Ask(box, box.Shared!.Name);
            }
        }

        Missing = run.Boxes.Where(each => each.Shared is not null).Select(MissingAt).FirstOrDefault(each => each.Length > 0) ?? "";
        return Missing.Length == 0;
    }

    private void Ask(BoxStation box, string device)
    {
        box.Scheduler.Start(async () => _told[device] = (await box.Bridge.NamespacesAsync(device)) is [var told, ..] ? told : null);
        box.Wake();
    }

    private string MissingAt(BoxStation box)
    {
        var shared = box.Shared!;
        if (!box.IsReady || _told.GetValueOrDefault(shared.Name) is not { } told)
        {
            return $"{shared.Name} tells nothing of its namespaces";
        }

        var functions = box.Bridge.Status().Functions.Where(each => shared.Has(each.Name)).ToList();
        if (functions.Count != shared.Vfs || functions.Exists(each => each.State != FunctionState.Presented || each.Owner is null))
        {
            return $"a function of {shared.Name} is not in its owner's hands";
        }

        return told.Failure.Length > 0 ? $"{shared.Name}: {told.Failure}"
            : told.Namespaces.Select(each => MissingOf(functions, each)).FirstOrDefault(each => each.Length > 0)
                ?? run.Hosts.Select(each => MissingAt(each, shared, functions, told)).FirstOrDefault(each => each.Length > 0) ?? "";
    }

    /// <summary>Is a namespace shown to whom it is to be shown?</summary>
    private static string MissingOf(List<IoFunctionStatus> functions, NamespaceStatus found)
    {
        if (found.IsShared)
        {
            return found.Functions.Count == functions.Count ? "" : $"not every function sees {found}";
        }

        var own = functions.Where(each => each.Owner == found.Owner).Select(each => each.Name).ToList();
        return found.Functions.Count == Math.Min(own.Count, 1) && found.Functions.All(own.Contains)
            ? ""
            : $"{found.Owner ?? "nobody"}'s namespace {found.Id} of {found.Device} is seen by {string.Join(",", found.Functions)}";
    }

    /// <summary>Does a host use what it is shown?</summary>
    private static string MissingAt(HostStation host, SharedDevice shared, List<IoFunctionStatus> functions, NamespaceDeviceStatus told)
    {
        var count = functions.Count(each => each.Owner == host.Name);
        var watches = host.Watches.Where(each => each.Disk.SerialNumber == shared.Name && each.Disk.IsUsable).ToList();
        if (watches.Count != count)
        {
            return $"{host.Name} uses {watches.Count} functions of {shared.Name} and has {count}";
        }

        var loads = watches.SelectMany(each => each.Loads).Where(each => !each.IsStopped).ToList();
        var wanted = told.Namespaces.Where(each => !each.IsShared && count > 0 && each.Owner == host.Name).ToList();
        if (loads.Count(each => each.IsShared) != count || loads.Count(each => !each.IsShared) != wanted.Count)
        {
            return $"{host.Name} uses {string.Join(",", loads.Select(each => each.Name))}, and not what it is to see of {shared.Name}";
        }

        foreach (var found in wanted)
        {
            if (!loads.Exists(each => each.Owned?.Uuid == found.Uuid && each.Size == (int)(found.Bytes / SimulationLimits.BlockBytes)))
            {
                return $"{host.Name} does not use namespace {found.Id} of {shared.Name} as it is";
            }
        }

        return "";
    }
}
