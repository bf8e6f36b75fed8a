using ExpEther.Bridge.Io;
using ExpEther.Bridge.Io.Status;
using ExpEther.Core.Time;
using ExpEther.Simulation.Oracle;
using ExpEther.Simulation.Stations;

namespace ExpEther.Simulation.Faults;

/// <summary>
/// Someone who attaches, detaches and moves functions, and remembers who owns each as they were told: that stays true until the next
/// command, over crashes too, unless the box lost its state.
/// </summary>
internal sealed class BridgeOperator(FabricRun run, SeededRandom random)
{
    private readonly Dictionary<string, string?> _known = [];
    private readonly List<(BoxStation Box, string Function, string What, Instant Since)> _running = [];

    public int Running => _running.Count;

    /// <summary>One command, whatever it may be, at a random box.</summary>
    public void Command(Instant now)
    {
        var box = run.Boxes[random.Next(run.Boxes.Count)];
        var disk = box.Functions[random.Next(box.Functions.Count)];
        var host = run.Hosts[random.Next(run.Hosts.Count)].Name;
        var force = random.Chance(0.3);
        if (!box.IsUp || !box.IsReady)
        {
            return;
        }

        switch (random.Next(10))
        {
            case < 2:
                Start(box, disk, $"detach {disk}{(force ? " --force" : "")}", now, () => box.Bridge.DetachAsync(disk, force));
                break;
            case < 6:
                Start(box, disk, $"attach {disk} {host}{(force ? " --force" : "")}", now, () => box.Bridge.AttachAsync(disk, host, force));
                break;
            default:
                Start(box, disk, $"move {disk} {host}{(force ? " --force" : "")}", now, () => box.Bridge.MoveAsync(disk, host, force));
                break;
        }
    }

    /// <summary>Gives every function that nobody owns to some host.</summary>
    public void AttachAll(Instant now)
    {
        foreach (var box in run.Boxes.Where(b => b is { IsUp: true, IsReady: true }))
        {
            foreach (var function in box.Bridge.Status().Functions.Where(f => f.Owner is null && f.Busy is null && !IsAt(box, f.Name)))
            {
                var host = InNeedOf(box, function) ?? run.Hosts[random.Next(run.Hosts.Count)].Name;
                Start(box, function.Name, $"attach {function.Name} {host}", now, () => box.Bridge.AttachAsync(function.Name, host));
            }
        }
    }

    public void OnCrash(BoxStation box, bool losesState)
    {
        foreach (var command in _running.Where(c => c.Box == box).ToList())
        {
            _running.Remove(command);
            _known.Remove(command.Function);
            if (box.Shared is { } shared && shared.Has(command.Function))
            {
                // It may have carried its owner's namespaces along already.
                run.Namespaces.Of(shared.Name).ToList().ForEach(each => each.ForgetOwner());
            }
        }

        foreach (var function in box.Functions)
        {
            if (losesState)
            {
                _known.Remove(function);
            }
        }
    }

    /// <summary>Is every function whose owner is known still that owner's, and does every command end?</summary>
    public void CheckOwners(Instant now)
    {
        foreach (var command in _running)
        {
            if (now - command.Since > SimulationLimits.BridgeCommandLimit)
            {
                throw new SimulationFailure($"{command.Box.Name}: {command.What} has not ended after {now - command.Since}");
            }
        }

        foreach (var box in run.Boxes.Where(b => b is { IsUp: true, IsReady: true }))
        {
            foreach (var function in box.Bridge.Status().Functions)
            {
                Look(box, function);
            }
        }
    }

    /// <summary>A host that has namespaces behind a virtual function's device and no function of it; null: none, or it is no virtual function.</summary>
    private string? InNeedOf(BoxStation box, IoFunctionStatus function)
    {
        if (box.Shared is not { } shared || !shared.Has(function.Name))
        {
            return null;
        }

        var served = box.Bridge.Status().Functions.Where(each => shared.Has(each.Name)).Select(each => each.Owner).ToHashSet();
        return run.Namespaces.Of(shared.Name)
            .FirstOrDefault(each => each is { Fate: NamespaceFate.Lives, IsMissing: false, Owner: { } owner } && !served.Contains(owner)
                && !_running.Exists(command => command.Box == box && command.What.EndsWith($" {owner}", StringComparison.Ordinal)))
            ?.Owner;
    }

    private bool IsAt(BoxStation box, string function) => _running.Exists(c => c.Box == box && c.Function == function);

    private void Look(BoxStation box, IoFunctionStatus function)
    {
        if (IsAt(box, function.Name) || function.Busy is not null)
        {
            return;
        }

        if (_known.TryGetValue(function.Name, out var owner) && owner != function.Owner)
        {
            throw new SimulationFailure($"{box.Name}: {function.Name} was {owner ?? "nobody"}'s and is {function.Owner ?? "nobody"}'s without a command");
        }

        _known[function.Name] = function.Owner;
    }

    private void Start(BoxStation box, string function, string what, Instant now, Func<Task<BridgeResult>> command)
    {
        run.Trace.Add($"> {box.Name}: {what}");
        run.Count("command");
        var running = (box, function, what, now);
        _running.Add(running);
        _known.Remove(function);
        var carrying = new CarriedNamespaces(run, box, function);
        box.Scheduler.Start(async () =>
        {
            var result = await command();
            _running.Remove(running);
            carrying.OnEnded(result, what.StartsWith("move", StringComparison.Ordinal));
            run.Trace.Add($"< {box.Name}: {what}: {(result.Ok ? "ok" : result.Code)}");
            run.OnResult(result.Code, result.Generation);

            // Another command on the same function may be at work already.
            if (result.Ok && !IsAt(box, function))
            {
                _known[function] = result.To;
            }
        });
        box.Wake();
    }
}
