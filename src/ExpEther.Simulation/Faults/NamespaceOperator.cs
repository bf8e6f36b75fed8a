using ExpEther.Bridge.Io;
using ExpEther.Bridge.Io.Namespaces;
using ExpEther.Core.Time;
using ExpEther.Simulation.Oracle;
using ExpEther.Simulation.Stations;

namespace ExpEther.Simulation.Faults;

/// <summary>
/// Someone who makes, resizes, deletes and gives away the hosts' private namespaces, one command at a time at each box, and remembers whose each
/// is as they were told: that stays true until the next command, whatever is attached, detached or crashes, unless the box lost its state.
/// </summary>
internal sealed class NamespaceOperator(FabricRun run, SeededRandom random)
{
    private const int BytesMin = 200 << 10;
    private const int BytesMax = 2600 << 10;

    // What was asked was not done, and nothing else was.
    private static readonly string[] Refusals =
    [
        RefusalCode.NoSuchDevice, RefusalCode.NoSuchHost, RefusalCode.NoSuchNamespace, RefusalCode.NoNamespaces, RefusalCode.NoCapacity,
        RefusalCode.NamespaceInUse, RefusalCode.NotSupported, RefusalCode.OutOfRange, RefusalCode.AlreadyOwned, RefusalCode.NotStarted,
    ];

    private readonly List<NamespaceChange> _running = [];

    public int Running => _running.Count;

    /// <summary>A namespace or two for every host, on every box that has some to give.</summary>
    public void CreateFirst(Instant now)
    {
        foreach (var box in run.Boxes.Where(CanWork))
        {
            Start(box, now, async change =>
            {
                foreach (var host in run.Hosts)
                {
                    for (var count = 1 + random.Next(2); count > 0; count--)
                    {
                        await CreateAsync(change, host.Name);
                    }
                }
            });
        }
    }

    /// <summary>One command, whatever it may be, at a random box.</summary>
    public void Command(Instant now)
    {
        var box = run.Boxes[random.Next(run.Boxes.Count)];
        var host = run.Hosts[random.Next(run.Hosts.Count)].Name;
        var kind = random.Next(10);
        var force = random.Chance(0.5);
        if (!CanWork(box))
        {
            return;
        }

        Start(box, now, change => kind switch
        {
            < 3 => CreateAsync(change, host),
            < 6 => ResizeAsync(change, force),
            < 8 => DeleteAsync(change, force),
            _ => GiveAsync(change, host, force),
        });
    }

    /// <summary>Namespaces that nobody owns are given to somebody.</summary>
    public void GiveAll(Instant now)
    {
        foreach (var box in run.Boxes.Where(CanWork))
        {
            if (run.Namespaces.Of(box.Shared!.Name).Any(each => each is { Fate: NamespaceFate.Lives, Owner: null, IsMissing: false }))
            {
                var host = run.Hosts[random.Next(run.Hosts.Count)].Name;
                Start(box, now, change => GiveAsync(change, host, force: false));
            }
        }
    }

    public void OnCrash(BoxStation box, bool losesState)
    {
        foreach (var change in _running.Where(each => each.Box == box).ToList())
        {
            _running.Remove(change);
            Settle(change, isDone: null);
        }

        foreach (var model in losesState && box.Shared is { } shared ? run.Namespaces.Of(shared.Name) : [])
        {
            model.ForgetOwner();
        }
    }

    /// <summary>Is every namespace whose owner is known still that owner's, and does every command end?</summary>
    public void CheckOwners(Instant now)
    {
        foreach (var change in _running)
        {
            if (now - change.Since > SimulationLimits.BridgeCommandLimit)
            {
                throw new SimulationFailure($"{change.Box.Name}: {change.What} has not ended after {now - change.Since}");
            }
        }

        foreach (var box in run.Boxes.Where(each => each is { IsUp: true, IsReady: true, Shared: not null, Activity.IsQuiet: true }))
        {
            foreach (var model in run.Namespaces.Of(box.Shared!.Name).Where(each => each is { Fate: NamespaceFate.Lives, IsMissing: false }))
            {
                if (model.IsOwnerKnown && model.KnownOwner != model.Owner)
                {
                    throw new SimulationFailure(
                        $"{box.Name}: {model.Name} was {model.KnownOwner ?? "nobody"}'s and is {model.Owner ?? "nobody"}'s without a command");
                }

                model.Know(model.Owner);
            }
        }
    }

    private bool CanWork(BoxStation box) => box is { IsUp: true, IsReady: true, Shared: not null } && !_running.Exists(each => each.Box == box);

    private void Start(BoxStation box, Instant now, Func<NamespaceChange, Task> command)
    {
        var change = new NamespaceChange(box, now);
        _running.Add(change);
        var mark = box.Activity.Begin();
        box.Scheduler.Start(async () =>
        {
            await command(change);
            _running.Remove(change);
            box.Activity.End(mark);
            box.SettleOwners();
        });
        box.Wake();
    }

    private async Task CreateAsync(NamespaceChange change, string host)
    {
        var box = change.Box;
        var device = box.Shared!.Name;

        // An NSID comes to mean another namespace: nobody who is careful does that while a host still sends commands to the old one.
        if (run.Hosts.Any(each => each.IsUp && each.Loads.Any(load => load.Owned is { Fate: not NamespaceFate.Lives } && load.Running.Count > 0)))
        {
            return;
        }

        var bytes = (ulong)(BytesMin + random.Next(BytesMax - BytesMin));
        Say(change, $"namespace create {device} {bytes} {host}", "namespaceCreate");
        var reply = await box.Bridge.CreateNamespaceAsync(device, bytes, host);
        Hear(change, reply);
        if (reply is { Ok: true, Namespace: { } made })
        {
            Learn(run.Namespaces.Find(device, made.Id, made.Uuid), made, host);
            if (made.Bytes < bytes)
            {
                throw new SimulationFailure($"{box.Name}: {change.What} made {made}");
            }
        }
    }

    private async Task ResizeAsync(NamespaceChange change, bool force)
    {
        if (await PickAsync(change, _ => true) is not { } found)
        {
            return;
        }

        var model = change.Target!;
        var bytes = random.Chance(0.3)
            ? Math.Clamp(found.Bytes + (ulong)random.Next(600 << 10) - (300 << 10), BytesMin, BytesMax)
            : (ulong)(BytesMin + random.Next(BytesMax - BytesMin));
        bytes -= bytes % SimulationLimits.BlockBytes;
        if (bytes < found.Bytes)
        {
            change.CutTo = (int)(bytes / SimulationLimits.BlockBytes);
            model.Contents.BeginCut(change.CutTo.Value);
        }

        Say(change, $"namespace resize {model.Name} {found.Bytes} to {bytes}{(force ? " --force" : "")}", "namespaceResize");
        var reply = await change.Box.Bridge.ResizeNamespaceAsync(found.Device, found.Id, bytes, force);
        Hear(change, reply);
        Settle(change, reply.Ok ? true : Refusals.Contains(reply.Code) ? false : null);
    }

    private async Task DeleteAsync(NamespaceChange change, bool force)
    {
        if (await PickAsync(change, _ => true) is not { } found)
        {
            return;
        }

        var model = change.Target!;
        model.Fate = NamespaceFate.Doomed;
        Say(change, $"namespace delete {model.Name}{(force ? " --force" : "")}", "namespaceDelete");
        var reply = await change.Box.Bridge.DeleteNamespaceAsync(found.Device, found.Id, force);
        Hear(change, reply);
        if (reply.Ok)
        {
            model.Bury(change.Box.Scheduler.Now);
        }

        Settle(change, isDone: reply.Ok || Refusals.Contains(reply.Code) ? false : null);
    }

    private async Task GiveAsync(NamespaceChange change, string host, bool force)
    {
        if (await PickAsync(change, each => each.Owner is null || force) is not { } found)
        {
            return;
        }

        var model = change.Target!;
        model.ForgetOwner();
        Say(change, $"namespace give {model.Name} {host}{(force ? " --force" : "")}", "namespaceGive");
        var reply = await change.Box.Bridge.GiveNamespaceAsync(found.Device, found.Id, host, force);
        Hear(change, reply);
        if (reply is { Ok: true, Namespace: { } given })
        {
            Learn(model, given, host);
        }
    }

    /// <summary>A namespace is a host's now, unless a move under way carried it on.</summary>
    private static void Learn(NamespaceModel model, NamespaceStatus told, string host)
    {
        model.ForgetOwner();
        if (told.Owner == host)
        {
            model.Know(host);
        }
    }

    /// <summary>A private namespace that the box has, as the change's target; null: there is none.</summary>
    private async Task<NamespaceStatus?> PickAsync(NamespaceChange change, Predicate<NamespaceStatus> isWanted)
    {
        var device = change.Box.Shared!.Name;
        var all = await change.Box.Bridge.NamespacesAsync(device);
        var found = all.SelectMany(each => each.Namespaces).Where(each => !each.IsShared && isWanted(each)).ToList();
        if (all.Count == 0 || all[0].Failure.Length > 0)
        {
            return null;
        }

        foreach (var model in run.Namespaces.Of(device))
        {
            var isThere = all[0].Namespaces.Any(each => each.Uuid == model.Uuid);
            if (!isThere && model is { Fate: NamespaceFate.Lives, IsMissing: false, IsOwnerKnown: true, KnownOwner: { } owner })
            {
                throw new SimulationFailure($"{change.Box.Name}: {model.Name} of {owner} is lost");
            }

            model.IsMissing = !isThere;
        }

        if (found.Count == 0)
        {
            return null;
        }

        var picked = found[random.Next(found.Count)];
        change.Target = run.Namespaces.Find(device, picked.Id, picked.Uuid);
        return picked;
    }

    /// <summary>The change is over; null: nobody knows whether it was made.</summary>
    private static void Settle(NamespaceChange change, bool? isDone)
    {
        if (change.Target is not { } model)
        {
            return;
        }

        if (model.Fate == NamespaceFate.Doomed)
        {
            model.Fate = NamespaceFate.Lives;
            model.IsMissing = isDone is null;
        }

        if (change.CutTo is { } blocks)
        {
            if (isDone == false)
            {
                model.Contents.ForgetCut();
            }
            else
            {
                model.Contents.EndCut(blocks, isDone == true);
            }
        }

        if (isDone is null)
        {
            model.ForgetOwner();
        }
    }

    private void Say(NamespaceChange change, string what, string kind)
    {
        change.What = what;
        run.Count(kind);
        run.Trace.Add($"> {change.Box.Name}: {what}");
    }

    private void Hear(NamespaceChange change, NamespaceReply reply)
    {
        run.Trace.Add($"< {change.Box.Name}: {change.What}: {(reply.Ok ? $"ok {reply.Namespace?.Id} {reply.Message}" : $"{reply.Code}: {reply.Message}")}");
        run.OnResult(reply.Code, reply.Namespace?.Id ?? 0);
    }
}
