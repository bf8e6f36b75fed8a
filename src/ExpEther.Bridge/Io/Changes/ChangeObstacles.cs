using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Io.Ownership;
using ExpEther.Bridge.Io.Sessions;

namespace ExpEther.Bridge.Io.Changes;

/// <summary>Why hosts and devices cannot come or go at this moment, in words.</summary>
internal sealed class ChangeObstacles(FunctionTable functions, HostSessions hosts, OwnershipTable ownership)
{
    /// <summary>What stands in the way of a change, whether prepared or not.</summary>
    public IReadOnlyList<ChangeRefusal> To(IoBridgeChange change)
    {
        var refusals = new List<ChangeRefusal>();
        foreach (var host in change.HostsRemoved)
        {
            if (hosts.Find(host.Vlan, host.Mac) is { } session)
            {
                refusals.AddRange(functions.All.Where(f => IsTiedTo(f, session)).Select(f => ChangeRefusal.OfHost(
                    host.Name, $"owns {f.Name}", $"release it first: expether detach {f.Name}")));
            }
        }

        foreach (var name in change.DevicesRemoved)
        {
            refusals.AddRange(functions.All.Where(f => f.Device.Name == name).Select(RefusalOf).OfType<ChangeRefusal>());
        }

        if (hosts.All.Count + change.HostsAdded.Count > IoBridgeLimits.HostsMax)
        {
            refusals.Add(ChangeRefusal.OfHost(
                change.HostsAdded[0].Name, $"is one more than {IoBridgeLimits.HostsMax}", "remove hosts first, in a reload of their own"));
        }

        var count = functions.All.Select(f => f.Device.Name).Distinct().Count();
        if (count - change.DevicesRemoved.Count + change.DevicesAdded.Count > IoBridgeLimits.DevicesMax)
        {
            refusals.Add(ChangeRefusal.OfDevice(change.DevicesAdded[0].Name, $"is one more than {IoBridgeLimits.DevicesMax}", "remove devices"));
        }

        return refusals;
    }

    /// <summary>What stands in the way of new functions only now that they are known.</summary>
    public IEnumerable<ChangeRefusal> To(PreparedChange prepared)
    {
        var added = prepared.Devices.SelectMany(d => d.Functions).ToList();
        if (added.Count > functions.NumbersLeft)
        {
            yield return ChangeRefusal.OfDevice(
                prepared.Devices[0].Name, $"finds no number: {IoBridgeLimits.FunctionNumbersMax} functions have come since the start", "restart the daemon");
        }

        foreach (var function in added)
        {
            var isTaken = functions.Find(function.Name) is { } other && !prepared.Change.DevicesRemoved.Contains(other.Device.Name);
            if (isTaken || added.Count(f => f.Name == function.Name) > 1)
            {
                yield return ChangeRefusal.OfDevice(
                    function.Device.Name, $"has a function {function.Name}, and there is another of that name", "name it otherwise");
            }
        }
    }

    private bool IsTiedTo(IoFunction function, HostSession session) =>
        function.Session == session || function.Heir == session
        || (ownership.OwnerOf(function.Name) is { } owner && owner.Vlan == session.Host.Vlan && owner.Mac == session.Host.Mac);

    private ChangeRefusal? RefusalOf(IoFunction function)
    {
        if (ownership.OwnerOf(function.Name) is { } owner)
        {
            return ChangeRefusal.OfDevice(
                function.Device.Name, $"{function.Name} is owned by host '{hosts.NameOf(owner)}'", $"release it first: expether detach {function.Name}");
        }

        var work = function.Busy ?? (function.IsResetting ? "reset" : null);
        return work is null && !function.IsOpen
            ? null
            : ChangeRefusal.OfDevice(function.Device.Name, $"{function.Name} is busy: {work ?? "detach"} is at work on it", "try again when it has ended");
    }
}
