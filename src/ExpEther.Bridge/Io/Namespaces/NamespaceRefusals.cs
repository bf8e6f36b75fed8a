using ExpEther.Bridge.Io.Devices;
using ExpEther.Bridge.Io.Physical;
using ExpEther.Bridge.Io.Sessions;
using ExpEther.RootComplex.Functions.Sharing;

namespace ExpEther.Bridge.Io.Namespaces;

/// <summary>What people read when a command about a namespace is refused.</summary>
internal sealed class NamespaceRefusals(DeviceBus devices, PhysicalFunctions physicals, HostSessions hosts)
{
    public NamespaceReply NoSuchDevice(string device) => NamespaceReply.Refused(
        RefusalCode.NoSuchDevice, $"there is no device '{device}' here", $"devices of this box: {List(devices.All.Select(d => d.Name))}", device);

    public NamespaceReply NothingToManage(string device) => NamespaceReply.Refused(
        RefusalCode.NoNamespaces, $"{device} has no namespaces that could be managed: it is not shared by virtual functions, or its controller cannot do it",
        $"devices with namespaces to manage: {List(physicals.All.Where(p => p.Driver.Namespaces is not null).Select(p => p.Name))}", device);

    public NamespaceReply NoSuchHost(string host, string device) => NamespaceReply.Refused(
        RefusalCode.NoSuchHost, $"there is no host '{host}' in this box's configuration", $"configured hosts: {List(hosts.All.Select(h => h.Name))}", device);

    public static NamespaceReply NoSuchNamespace(string device, uint id, NamespaceInventory inventory) => NamespaceReply.Refused(
        RefusalCode.NoSuchNamespace, $"{device} has no namespace {id}", $"it has: {List(inventory.Namespaces.Select(n => $"{n.Id}"))}", device);

    public static NamespaceReply NotEnough(string device, ulong bytes, ulong free) => NamespaceReply.Refused(
        RefusalCode.NoCapacity, $"{bytes} bytes do not fit on {device}: {free} bytes are free",
        $"ask for at most {free} bytes, or delete a namespace: expether namespace ls {device}", device);

    public static NamespaceReply Empty(string device) => NamespaceReply.Refused(
        RefusalCode.OutOfRange, "a namespace of 0 bytes cannot be", "ask for at least one block", device);

    public static NamespaceReply TooManyRecords(string device) => NamespaceReply.Refused(
        RefusalCode.NoCapacity, $"this box keeps the owners of at most {IoBridgeLimits.NamespaceRecordsMax} namespaces", "delete some", device);

    public static NamespaceReply Shared(string device, uint id) => NamespaceReply.Refused(
        RefusalCode.NamespaceInUse, $"namespace {id} of {device} is shared by all hosts with a function of {device}",
        "it is what the box's configuration says; --force deletes it all the same where the device allows it", device);

    public static NamespaceReply InUse(string device, uint id, string functions, string what) => NamespaceReply.Refused(
        RefusalCode.NamespaceInUse, $"namespace {id} of {device} is in use: {functions} is in its owner's hands and sees it",
        $"let the host stop using it; --force {what} it all the same, and its host loses what is on it", device);

    public static NamespaceReply Owned(string device, uint id, string owner) => NamespaceReply.Refused(
        RefusalCode.AlreadyOwned, $"namespace {id} of {device} is already owned by host '{owner}'",
        "move the function that sees it, or use --force to take it", device);

    /// <param name="device">The device.</param>
    /// <param name="function">What was asked for.</param>
    /// <param name="owned">Functions of the device that the host has.</param>
    public static NamespaceReply NoSuchFunction(BusDevice device, string function, IReadOnlyList<string> owned) => NamespaceReply.Refused(
        function == device.Name ? RefusalCode.PhysicalFunction : RefusalCode.NoSuchFunction,
        function == device.Name
            ? $"{function} is the physical function: hosts see namespaces by virtual functions"
            : $"{device.Name} has no virtual function '{function}'",
        owned.Count > 0 ? $"the host has {List(owned)}"
            : $"its virtual functions: {List(device.Functions.Where(f => f.Real.IsVirtual).Select(f => f.Name))}", device.Name);

    /// <inheritdoc cref="NoSuchFunction"/>
    public static NamespaceReply FunctionOfAnother(string device, string function, string owner, string host, IReadOnlyList<string> owned) =>
        NamespaceReply.Refused(
            RefusalCode.AlreadyOwned, $"{function} is owned by host '{owner}', and namespaces of host '{host}' are seen by its own functions only",
            owned.Count > 0 ? $"host '{host}' has {List(owned)}"
                : $"host '{host}' has no function of {device}: leave --function out, and it sees the namespace by the first that it gets", device);

    public static NamespaceReply SeenElsewhere(string device, uint id, string functions, string host, string function) => NamespaceReply.Refused(
        RefusalCode.NamespaceInUse, $"namespace {id} of {device} is in use: its owner sees it by {functions}, and would lose it there",
        $"unmount it in the host, then: expether namespace give {device} {id} {host} --function {function} --force", device);

    public static NamespaceReply NotRecorded(string device) => NamespaceReply.Refused(
        RefusalCode.NotRecorded, $"the owner of a namespace of {device} could not be made durable; nothing was changed",
        "look at the disk that holds the box's state", device);

    public static NamespaceReply Failed(string device, string words) => NamespaceReply.Refused(
        RefusalCode.DeviceFailed, $"{device}: {words}", "look at the box's log", device);

    /// <summary>What the device's driver said.</summary>
    public static NamespaceReply Of(string device, NamespaceResult result, ulong bytes, NamespaceInventory inventory) => result.Failure switch
    {
        NamespaceFailure.NotSupported => NamespaceReply.Refused(
            RefusalCode.NotSupported, $"{device}: {result.Words}", "it cannot be done on this device", device),
        NamespaceFailure.NotEnough when bytes > inventory.FreeBytes => NotEnough(device, bytes, inventory.FreeBytes),
        NamespaceFailure.NotEnough => NamespaceReply.Refused(RefusalCode.NoCapacity, $"{device}: {result.Words}", "delete a namespace", device),
        NamespaceFailure.NoSuchNamespace => NamespaceReply.Refused(RefusalCode.NoSuchNamespace, $"{device}: {result.Words}", "it went meanwhile", device),
        NamespaceFailure.InUse => NamespaceReply.Refused(RefusalCode.NamespaceInUse, $"{device}: {result.Words}", "detach it first", device),
        _ => Failed(device, result.Words),
    };

    private static string List(IEnumerable<string> names) => string.Join(", ", names.DefaultIfEmpty("none"));
}
