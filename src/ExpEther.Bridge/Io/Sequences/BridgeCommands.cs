using ExpEther.Bridge.Io.Devices;
using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Io.Ownership;
using ExpEther.Bridge.Io.Physical;
using ExpEther.Bridge.Io.Sessions;
using ExpEther.Core.Scheduling;
using ExpEther.Link.Ethernet;

namespace ExpEther.Bridge.Io.Sequences;

/// <summary>
/// attach, detach and move: what is asked is checked and refused in words, then assign and release do it. One sequence at a time works on
/// a function; a forced command makes the one at work hurry and has its turn after it.
/// </summary>
internal sealed class BridgeCommands(
    FunctionTable functions, DeviceBus devices, HostSessions hosts, AssignSequence assign, ReleaseSequence release, OwnershipTable ownership,
    OwnerFollower follower, NamespaceOwnership namespaces, OwnerSignal changed)
{
    private readonly Refusals _refusals = new(functions, devices, hosts);

    public async Task<BridgeResult> AttachAsync(string function, string host, bool force, ulong? expected, int slot, StepLog steps)
    {
        if (functions.Find(function) is not { } f)
        {
            return _refusals.NoSuchFunction(function);
        }

        if (hosts.Find(host) is not { } to)
        {
            return _refusals.NoSuchHost(host, function);
        }

        if (await BusyAsync(f, force) is { } busy)
        {
            return busy;
        }

        if (expected is { } known && known != f.Generation)
        {
            return Refusals.Changed(f, known);
        }

        var owner = ownership.OwnerOf(function);
        if (owner is not null && NameOf(owner) == host)
        {
            return HasAlready(f, owner, host, slot);
        }

        if (owner is not null && !force)
        {
            return Refusals.AlreadyOwned(f, NameOf(owner), host);
        }

        return await GiveAsync(f, to, force, slot, "attach", steps);
    }

    public async Task<BridgeResult> MoveAsync(string function, string host, bool force, ulong? expected, int slot, StepLog steps)
    {
        if (functions.Find(function) is not { } f)
        {
            return _refusals.NoSuchFunction(function);
        }

        if (hosts.Find(host) is not { } to)
        {
            return _refusals.NoSuchHost(host, function);
        }

        if (await BusyAsync(f, force) is { } busy)
        {
            return busy;
        }

        if (expected is { } known && known != f.Generation)
        {
            return Refusals.Changed(f, known);
        }

        var owner = ownership.OwnerOf(function);
        if (owner is null)
        {
            return Refusals.NotOwned(f, host);
        }

        if (NameOf(owner) == host)
        {
            return HasAlready(f, owner, host, slot);
        }

        return await GiveAsync(f, to, force, slot, "move", steps);
    }

    public async Task<BridgeResult> DetachAsync(string function, bool force, ulong? expected, StepLog steps)
    {
        if (functions.Find(function) is not { } f)
        {
            return _refusals.NoSuchFunction(function);
        }

        if (await BusyAsync(f, force) is { } busy)
        {
            return busy;
        }

        if (expected is { } known && known != f.Generation)
        {
            return Refusals.Changed(f, known);
        }

        if (ownership.OwnerOf(function) is not { } owner)
        {
            return Refusals.NotOwned(f, null);
        }

        f.Busy = "detach";
        f.Hurry = false;
        f.Mark = null;
        steps.Add(BridgeStepName.Started);
        var code = await ownership.ProbeAsync() ? await release.RunAsync(f, force, steps) : RefusalCode.NotRecorded;
        if (code != RefusalCode.NotRecorded)
        {
            if (await ownership.RecordAsync(function, null))
            {
                Forget(f, owner);
            }
            else
            {
                code = code.Length == 0 ? RefusalCode.NotRecorded : code;
                ownership.TakeBack(function, owner);
            }
        }

        EndWith(f, code, owner, null);
        var result = Result(f, code, NameOf(owner), owner.Vlan, null, default, 0, steps);
        return result.Ok ? result with { Message = namespaces.LeftBehind(f, owner, NameOf(owner)) } : result;
    }

    /// <summary>A command that is repeated because its answer was lost finds done what it asks for.</summary>
    private static BridgeResult HasAlready(IoFunction function, OwnershipRecord owner, string host, int slot) =>
        function.State == FunctionState.Failed ? Refusals.Failed(function)
        : slot > 0 && function.SlotBefore != slot ? Refusals.InAnotherSlot(function, host)
        : new BridgeResult
        {
            Ok = true, Function = function.Name, From = host, To = host, VlanBefore = owner.Vlan, VlanAfter = owner.Vlan, Generation = function.Generation,
            Message = $"host '{host}' has {function.Name} already",
        };

    /// <summary>Releases the function from its owner, if it has one, and assigns it.</summary>
    private async Task<BridgeResult> GiveAsync(
        IoFunction function, HostSession to, bool force, int slot, string command, StepLog steps)
    {
        if (function.State == FunctionState.Failed)
        {
            return Refusals.Failed(function);
        }

        if (!to.IsUp)
        {
            return Refusals.NotConnected(function, to);
        }

        var owner = ownership.OwnerOf(function.Name);
        function.Busy = command;
        function.Heir = to;
        function.Hurry = false;
        function.Mark = null;
        steps.Add(BridgeStepName.Started);
        var code = "";
        if (function.State != FunctionState.Idle || owner is not null)
        {
            code = await ownership.ProbeAsync() ? await release.RunAsync(function, force, steps) : RefusalCode.NotRecorded;
        }

        function.SlotDemanded = (ushort)slot;
        if (code.Length == 0)
        {
            code = await assign.RunAsync(function, to, steps, carries: command == "move");
        }

        if (owner is not null && !IsOf(owner, to) && (ownership.OwnerOf(function.Name) is not { } now || IsOf(now, to)))
        {
            Forget(function, owner);
        }

        if (code.Length == 0)
        {
            code = await assign.WaitForPlugAsync(function, steps);
        }

        var generation = function.Generation;
        if (code == RefusalCode.HostRefused)
        {
            // Its words are gone with the assignment.
            var note = function.Note;
            if (function.IsOpen)
            {
                await release.RunAsync(function, force, steps);
            }

            function.Note = note;
            await ownership.RecordAsync(function.Name, null);
            to.TellForget(function.Name);
        }

        // What it was to have it asks for, should the link go down before it was told where it is.
        function.SlotBefore = slot > 0 && code is "" or RefusalCode.LinkDown ? (ushort)slot : function.SlotBefore;
        function.SlotDemanded = 0;
        EndWith(function, code, owner, to);
        var result = Result(function, code, owner is null ? null : NameOf(owner), owner?.Vlan ?? default, to.Name, to.Host.Vlan, generation, steps);
        if (!result.Ok)
        {
            return result;
        }

        var left = owner is null ? "" : namespaces.LeftBehind(function, owner, NameOf(owner));
        result = result with { Message = function.Note.Length > 0 && left.Length > 0 ? $"{function.Note}; {left}" : function.Note + left };
        return namespaces.Beside(function) is { Count: > 0 } others
            ? result with
            {
                Message = (result.Message.Length > 0 ? $"{result.Message}; " : "")
                    + $"host '{to.Name}' has {string.Join(", ", others)} of {function.Device.Name} too: "
                    + "each of its private namespaces is seen by one of them only",
            }
            : result;
    }

    /// <summary>Null: the function is free to be worked on. It is not looked away from between this and setting Busy.</summary>
    private async Task<BridgeResult?> BusyAsync(IoFunction function, bool force)
    {
        if (function.Busy is not null && force)
        {
            function.Hurry = true;
            changed.Set();
            await changed.WaitUntil(() => function.Busy is null, IoBridgeLimits.HurryTimeout);
        }

        return function.Busy is null ? null : Refusals.Busy(function);
    }

    /// <summary>What could not be recorded did not happen: the owner before keeps the function, and is shown it again if it was taken already.</summary>
    private void EndWith(IoFunction function, string code, OwnershipRecord? before, HostSession? after)
    {
        if (code == RefusalCode.NotRecorded && before is not null)
        {
            function.TriedEpoch = 0;
            after = hosts.Find(before.Vlan, before.Mac);
        }

        End(function, after);
    }

    private void End(IoFunction function, HostSession? owner)
    {
        function.Busy = null;
        function.Heir = null;
        function.Hurry = false;
        changed.Set();
        follower.Settle(function, owner);
        namespaces.Look(function);
    }

    private static BridgeResult Result(
        IoFunction function, string code, string? from, VlanId vlanBefore, string? to, VlanId vlanAfter, ulong generation, StepLog steps)
    {
        steps.Add(BridgeStepName.Done);
        var result = code.Length == 0 ? new BridgeResult { Ok = true } : Refusals.Ended(function, code, to);
        return result with
        {
            Function = function.Name, From = from, To = to, VlanBefore = vlanBefore, VlanAfter = vlanAfter, Generation = generation,
            Steps = steps.Steps,
        };
    }

    /// <summary>The function is not its owner's any more, who keeps no slot for it then.</summary>
    private void Forget(IoFunction function, OwnershipRecord owner)
    {
        function.SlotBefore = 0;
        hosts.Find(owner.Vlan, owner.Mac)?.TellForget(function.Name);
    }

    private static bool IsOf(OwnershipRecord owner, HostSession host) => owner.Vlan == host.Host.Vlan && owner.Mac == host.Host.Mac;

    private string NameOf(OwnershipRecord owner) => hosts.NameOf(owner);
}
