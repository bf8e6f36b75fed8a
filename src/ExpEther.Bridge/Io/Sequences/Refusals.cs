using ExpEther.Bridge.Diagnosis;
using ExpEther.Bridge.Io.Devices;
using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Io.Sessions;
using ExpEther.Bridge.Protocol;

namespace ExpEther.Bridge.Io.Sequences;

/// <summary>What people read when a command is refused: what is the matter, and what to do next.</summary>
internal sealed class Refusals(FunctionTable functions, DeviceBus devices, HostSessions hosts)
{
    public BridgeResult NoSuchFunction(string function)
    {
        foreach (var device in devices.All)
        {
            if (device.SrIov is null || device.Functions.Count == 0)
            {
                continue;
            }

            var isPhysical = function == device.Name;
            if (isPhysical)
            {
                return BridgeResult.Refused(
                    RefusalCode.PhysicalFunction, $"{function} is a physical function, and its virtual functions are shared",
                    $"attach one of {VirtualFunctions(device)}", function);
            }

            if (function.StartsWith($"{device.Name}.vf", StringComparison.Ordinal))
            {
                return BridgeResult.Refused(
                    RefusalCode.NoSuchFunction, $"{device.Name} has {device.Functions.Count} virtual functions, and no '{function}'",
                    $"its virtual functions: {VirtualFunctions(device)}", function);
            }
        }

        return BridgeResult.Refused(
            RefusalCode.NoSuchFunction, $"there is no function '{function}' here", $"functions of this box: {ListOrNone(Names())}", function);
    }

    public BridgeResult NoSuchHost(string host, string function) => BridgeResult.Refused(
        RefusalCode.NoSuchHost, $"there is no host '{host}' in this box's configuration",
        $"configured hosts: {ListOrNone(hosts.All.Select(h => h.Name))}", function);

    public static BridgeResult AlreadyOwned(IoFunction function, string owner, string host) => BridgeResult.Refused(
        RefusalCode.AlreadyOwned, $"{function.Name} is already owned by host '{owner}'",
        $"use 'expether move {function.Name} {host}', or --force to take it without asking '{owner}'", function.Name);

    public static BridgeResult InAnotherSlot(IoFunction function, string host) => BridgeResult.Refused(
        RefusalCode.AlreadyOwned,
        $"host '{host}' has {function.Name} already, in {(function.SlotBefore > 0 ? $"slot {function.SlotBefore}" : "a slot that it has not told yet")}",
        "detach it first, then attach it with --slot: a function in use does not change its slot", function.Name);

    public static BridgeResult NotOwned(IoFunction function, string? host) => BridgeResult.Refused(
        RefusalCode.NotOwned, $"{function.Name} is owned by no host",
        host is null ? "nothing is to be done" : $"use 'expether attach {function.Name} {host}'", function.Name);

    public static BridgeResult NotConnected(IoFunction function, HostSession host) => BridgeResult.Refused(
        RefusalCode.HostNotConnected, $"host '{host.Name}' (VLAN {host.Host.Vlan}, {host.Host.Mac}) is not connected",
        host.Trouble != SetupTrouble.None ? SetupTroubleText.Of(host.Trouble, host.Name, host.Link.Options.Sealed)
        : host.IsAnnounced
            ? "it announces itself, but no link comes up: compare 'key' and [link] 'seal' of both sides"
            : "is 'expether host' running there, in that VLAN, with that MAC?", function.Name);

    public static BridgeResult Busy(IoFunction function) => BridgeResult.Refused(
        RefusalCode.Busy, $"{function.Name} is busy: {function.Busy} is at work on it",
        "wait until it ends, or use --force to stop waiting for the host", function.Name);

    public static BridgeResult Changed(IoFunction function, ulong expected) => BridgeResult.Refused(
        RefusalCode.GenerationChanged, $"{function.Name} is at generation {function.Generation}, not {expected}: it was given or taken meanwhile",
        "look at it again with 'expether ls', then ask with the generation it shows", function.Name);

    public static BridgeResult Failed(IoFunction function) => BridgeResult.Refused(
        RefusalCode.DeviceFailed, $"{function.Name} cannot be used: {function.Failure}", "restart the box's daemon; look at its log", function.Name);

    /// <summary>A sequence that began and did not reach its end.</summary>
    public static BridgeResult Ended(IoFunction function, string code, string? host) => code switch
    {
        RefusalCode.HostRefused => HostRefused(function, host),
        RefusalCode.LinkDown => BridgeResult.Refused(
            code, $"the link to host '{host}' went down meanwhile; {function.Name} is its and will be given to it when the link is back",
            "wait for the link, or move the function", function.Name),
        RefusalCode.NotPrepared => BridgeResult.Refused(
            code, $"{function.Name} could not be made ready for host '{host}': {function.Trouble}",
            "look at the box's log; it is tried again when the device is well or the link comes up", function.Name),
        RefusalCode.NotRecorded => BridgeResult.Refused(
            code, $"the ownership of {function.Name} could not be made durable, so it stays as it was",
            "look at the disk that holds the box's state: is it full, or read-only? The box's log has the error; then try again", function.Name),
        _ => Failed(function),
    };

    private static BridgeResult HostRefused(IoFunction function, string? host)
    {
        if (function.IsNotShown)
        {
            return BridgeResult.Refused(
                RefusalCode.HostRefused, $"host '{host}' could not take {function.Name}: {function.Note}; the function is owned by no host now",
                "do what it says at the virtual machine, then attach again", function.Name);
        }

        var (why, remedy) = function.Refusal switch
        {
            RefusalReason.NoSuchSlot => ("it has no slot of that number", $"'expether ls' at '{host}' shows its slots; without --slot it chooses one"),
            RefusalReason.SlotTaken => (
                "another function is in that slot, or belongs there", $"'expether ls' at '{host}' shows which; name an empty slot, or detach that function"),
            _ => ("it has no free slot", $"detach something from '{host}' or give it more slots, then attach again"),
        };
        return BridgeResult.Refused(
            RefusalCode.HostRefused, $"host '{host}' could not take {function.Name}: {why}; the function is owned by no host now", remedy, function.Name);
    }

    private IEnumerable<string> Names()
    {
        foreach (var function in functions.All)
        {
            if (!function.Real.IsVirtual)
            {
                yield return function.Name;
            }
            else if (function == function.Device.Functions[0])
            {
                yield return VirtualFunctions(function.Device);
            }
        }
    }

    private static string VirtualFunctions(BusDevice device) =>
        device.Functions.Count == 1 ? device.Functions[0].Name : $"{device.Functions[0].Name} to {device.Functions[^1].Name}";

    private static string ListOrNone(IEnumerable<string> names) => string.Join(", ", names.DefaultIfEmpty("none"));
}
