using ExpEther.Bridge.Io.Devices;
using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Io.Ownership;
using ExpEther.Bridge.Io.Sequences;
using ExpEther.Bridge.Io.Sessions;
using ExpEther.Core.Scheduling;

namespace ExpEther.Bridge.Io.Changes;

/// <summary>
/// Changes of a running bridge's hosts, devices and times, in two phases. Preparing may take time and fail: new devices are brought up on
/// buses of their own, new links are made. The commit is one turn and cannot fail.
/// <para>
/// A host goes only when no function is its or about to be: its Host_IO may then be in no request that somebody still answers to. A device
/// goes only when nobody owns its functions and no sequence works on them. Records of ownership stay as they are: they name a function and
/// a (VLAN, MAC), and count again when both are there, as after a restart.
/// </para>
/// </summary>
internal sealed class BridgeChanges(
    FunctionTable functions, DeviceBus devices, DeviceBringUp bringUp, HostSessions hosts, OwnershipTable ownership, ReleaseSequence release,
    OwnerFollower follower, OwnerScheduler scheduler, OwnerSignal changed, Action<IoBridgeChange> committed)
{
    private readonly ChangeObstacles _obstacles = new(functions, hosts, ownership);

    public async Task<PreparedChange> PrepareAsync(IoBridgeChange change)
    {
        var prepared = new PreparedChange(this, change);
        prepared.Failures.AddRange(_obstacles.To(change));
        if (prepared.Failures.Count > 0)
        {
            return prepared;
        }

        foreach (var host in change.HostsAdded)
        {
            prepared.Hosts.Add(hosts.Make(host));
        }

        foreach (var host in change.HostsChanged)
        {
            if (hosts.Find(host.Vlan, host.Mac) is { } session && !session.Link.Options.PreSharedKey.AsSpan().SequenceEqual(hosts.LinkTo(host).PreSharedKey))
            {
                prepared.Links.Add((session, session.MakeLink(hosts.LinkTo(host))));
            }
        }

        foreach (var (name, device) in change.DevicesAdded)
        {
            var added = devices.Add(name, device, change.VirtualFunctions.GetValueOrDefault(name));
            prepared.Devices.Add(added);
            var failure = await bringUp.RunAsync(added);
            failure = failure.Length > 0 ? failure : FailureOf(added);
            if (failure.Length > 0)
            {
                prepared.Failures.Add(ChangeRefusal.OfDevice(name, $"does not come up: {failure}", "look at the log"));
            }
        }

        return prepared;
    }

    public IReadOnlyList<ChangeRefusal> Refusals(IoBridgeChange change) => _obstacles.To(change);

    /// <summary>What stands in the way of a prepared change.</summary>
    public IReadOnlyList<ChangeRefusal> Refusals(PreparedChange prepared) =>
        [.. prepared.Failures.Concat(_obstacles.To(prepared.Change)).Concat(_obstacles.To(prepared)).Distinct()];

    public void Commit(PreparedChange prepared)
    {
        Check.That(!prepared.IsDone);
        prepared.IsDone = true;
        var change = prepared.Change;
        var now = scheduler.Now;
        release.Timeout = change.ReleaseTimeout;
        hosts.ChangeTimes(change.LinkDead, change.PathSilent);
        foreach (var host in change.HostsRemoved)
        {
            hosts.Leave(hosts.Find(host.Vlan, host.Mac)!, now);
        }

        foreach (var (session, link) in prepared.Links)
        {
            link.ChangeTimes(change.LinkDead, change.PathSilent);
            hosts.Rekey(session, link, now);
            ShowAgain(session);
        }

        foreach (var host in change.HostsChanged)
        {
            hosts.Find(host.Vlan, host.Mac)!.Describe(host);
        }

        foreach (var session in prepared.Hosts)
        {
            session.Link.ChangeTimes(change.LinkDead, change.PathSilent);
            hosts.Join(session, now);
        }

        foreach (var device in devices.All.Where(d => change.DevicesRemoved.Contains(d.Name) && !prepared.Devices.Contains(d)).ToList())
        {
            Remove(device);
        }

        foreach (var function in prepared.Devices.SelectMany(d => d.Functions))
        {
            functions.Add(function);
            follower.Settle(function, ownership.OwnerOf(function.Name) is { } owner ? hosts.Find(owner.Vlan, owner.Mac) : null);
        }

        committed(change);
        changed.Set();
    }

    public void Abandon(PreparedChange prepared)
    {
        Check.That(!prepared.IsDone);
        prepared.IsDone = true;
        foreach (var (_, link) in prepared.Links)
        {
            link.Dispose();
        }

        foreach (var session in prepared.Hosts)
        {
            session.Link.Dispose();
        }

        foreach (var device in prepared.Devices)
        {
            devices.Remove(device);
        }
    }

    private static string FailureOf(BusDevice device) =>
        device.Functions.Find(f => f.State == FunctionState.Failed) is { } failed ? $"{failed.Name}: {failed.Failure}"
        : device.Nodes.Any(n => n.Bars.Any(b => !b.IsAssigned)) ? "there is no room for its BARs"
        : "";

    private void Remove(BusDevice device)
    {
        foreach (var function in device.Functions)
        {
            if (functions.Find(function.Number) == function)
            {
                functions.Remove(function);
            }

            // Whoever still holds it must not give it to anyone.
            function.State = FunctionState.Failed;
            function.Failure = "its device was removed";
        }

        devices.Remove(device);
    }

    /// <summary>Epochs of another key are not comparable with those in which its functions were shown.</summary>
    private void ShowAgain(HostSession session)
    {
        foreach (var function in functions.All)
        {
            if (ownership.OwnerOf(function.Name) is { } owner && owner.Vlan == session.Host.Vlan && owner.Mac == session.Host.Mac)
            {
                function.TriedEpoch = 0;
            }
        }
    }
}
