using ExpEther.Bridge.Io.Functions;
using ExpEther.Bridge.Io.Ownership;
using ExpEther.Bridge.Io.Sessions;
using ExpEther.Core.Time;
using ExpEther.Pcie;

namespace ExpEther.Bridge.Io.Status;

/// <summary>Puts together what people ask for.</summary>
internal static class StatusReport
{
    public static IoBridgeStatus Of(
        IoBridgeOptions options, Instant now, FunctionTable functions, HostSessions hosts, OwnershipTable ownership, IoBridgeCounters counters) => new(
        options.Name, options.Mac,
        [.. functions.All.Select(f => Of(f, ownership, hosts, now))],
        [.. hosts.All.Select(h => new IoHostStatus(
            h.Name, h.Host.Vlan, h.Host.Mac, h.IsUp, h.IsAnnounced, h.IsUp && h.Link.IsSilent(now), h.Link.MtuBytes, h.Link.MaxPayloadBytes,
            OwnedBy(h, functions, ownership), h.Link.Counters, h.Trouble) { Epoch = h.Link.Epoch, HasFailed = h.HasFailed })],
        [.. hosts.Strangers],
        counters);

    private static string[] OwnedBy(HostSession host, FunctionTable functions, OwnershipTable ownership) =>
    [
        .. functions.All.Where(f => ownership.OwnerOf(f.Name) is { } o && o.Vlan == host.Host.Vlan && o.Mac == host.Host.Mac).Select(f => f.Name),
    ];

    private static IoFunctionStatus Of(IoFunction function, OwnershipTable ownership, HostSessions hosts, Instant now)
    {
        var owner = ownership.OwnerOf(function.Name);
        var shown = function.Real.Description;
        var endpoint = function.Config.Endpoint;
        return new IoFunctionStatus
        {
            Name = function.Name,
            Device = function.Device.Name,
            Number = function.Number,
            VirtualNumber = function.Real.VirtualNumber,
            State = function.State,
            Failure = function.Failure,
            Note = function.IsOpen ? function.Note : "",
            Busy = function.Busy,
            FollowsGuest = function.MarkAt(now)?.Guest,
            Owner = owner is null ? null : hosts.NameOf(owner),
            Vlan = owner?.Vlan ?? default,
            Generation = function.IsOpen ? function.Generation : owner?.Generation ?? 0,
            VendorId = shown.VendorId,
            DeviceId = shown.DeviceId,
            ClassCode = shown.ClassCode,
            Bars = [.. function.Windows.Bars.Select(b => new IoBarStatus(
                b.Index, (long)b.SizeBytes, function.IsOpen ? function.Windows.MemH(b.Index) : null, new IoAddress(b.Address.Value)))],
            VfIo = function.VfIo,
            VfH = !function.IsOpen ? null : endpoint.Rid.Value != 0 ? endpoint.Rid : function.VfHTold,
            HostIo = owner is null ? null : hosts.Find(owner.Vlan, owner.Mac)?.HostIo.Primary,
            HostH = function.IsOpen ? function.HostH : null,
            GivenNamespaces = function.Real.IsVirtual
                ? [.. ownership.NamespacesOf(function.Device.Name).Where(n => n.GivenTo == function.Real.VirtualNumber).Select(n => n.Id).Order()]
                : [],
            Slot = function.IsOpen ? function.Slot : null,
            BusMasterEnable = function.BusMaster,
            MemorySpaceEnable = function.IsOpen && endpoint.MemorySpaceEnable,
            HostRequestsOutstanding = function.HostRequests.Count,
            DmaRequestsOutstanding = function.DmaRequests.Count,
            Counters = function.Counters,
        };
    }
}
