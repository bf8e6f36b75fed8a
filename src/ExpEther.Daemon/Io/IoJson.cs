using System.Text.Json.Nodes;
using ExpEther.Bridge.Diagnosis;
using ExpEther.Bridge.Io.Status;
using ExpEther.Daemon.Status;

namespace ExpEther.Daemon.Io;

/// <summary>An I/O box's state as JSON.</summary>
internal static class IoJson
{
    public static JsonObject List(IoBridgeStatus status, bool isStarted, Func<string, string> troubleOf) => new()
    {
        ["kind"] = "io",
        ["name"] = status.Name,
        ["mac"] = status.Mac.ToString(),
        ["started"] = isStarted,
        ["trouble"] = status.Trouble.Length > 0 ? status.Trouble : null,
        ["devices"] = new JsonArray([.. status.Devices.Select(d => (JsonNode)Device(d, troubleOf(d.Name)))]),
        ["functions"] = new JsonArray([.. status.Functions.Select(f => (JsonNode)Function(f))]),
        ["hosts"] = new JsonArray([.. status.Hosts.Select(h => (JsonNode)Host(h))]),
        ["discovered"] = new JsonArray([.. status.Discovered.Select(d => (JsonNode)new JsonObject
        {
            ["name"] = d.Name, ["vlan"] = d.Vlan.Value, ["mac"] = d.Mac.ToString(),
        })]),
    };

    private static JsonObject Device(IoDeviceStatus d, string storage) => new()
    {
        ["name"] = d.Name,
        ["rid"] = d.Rid.ToString(),
        ["lastBus"] = d.LastBus,
        ["totalVfs"] = d.TotalVfs,
        ["numVfs"] = d.NumVfs,
        ["firstVfOffset"] = d.FirstVfOffset,
        ["vfStride"] = d.VfStride,
        ["ariCapableHierarchy"] = d.AriCapableHierarchy,
        ["systemPageBytes"] = d.PageBytes,
        ["trouble"] = d.Trouble.Length > 0 ? d.Trouble : storage.Length > 0 ? storage : null,
    };

    private static JsonObject Function(IoFunctionStatus f) => new()
    {
        ["name"] = f.Name,
        ["device"] = f.Device,
        ["vf"] = f.VirtualNumber,
        ["number"] = f.Number,
        ["state"] = CounterJson.Camel(f.State.ToString()),
        ["failure"] = f.Failure.Length > 0 ? f.Failure : null,
        ["note"] = f.Note.Length > 0 ? f.Note : null,
        ["busy"] = f.Busy,
        ["followsGuest"] = f.FollowsGuest?.ToString(),
        ["owner"] = f.Owner,
        ["givenNamespaces"] = new JsonArray([.. f.GivenNamespaces.Select(id => (JsonNode)id)]),
        ["vlan"] = f.Vlan.Value == 0 ? null : f.Vlan.Value,
        ["generation"] = f.Generation,
        ["vendorId"] = $"0x{f.VendorId:x4}",
        ["deviceId"] = $"0x{f.DeviceId:x4}",
        ["classCode"] = $"0x{f.ClassCode:x6}",
        ["slot"] = f.Slot,
        ["vfIo"] = f.VfIo.ToString(),
        ["vfH"] = f.VfH?.ToString(),
        ["hostIo"] = f.HostIo?.ToString(),
        ["hostH"] = f.HostH?.ToString(),
        ["memIo"] = f.Bars.Count > 0 ? f.Bars[0].MemIo.ToString() : null,
        ["memH"] = f.Bars.Count > 0 ? f.Bars[0].MemH?.ToString() : null,
        ["bars"] = new JsonArray([.. f.Bars.Select(bar => (JsonNode)new JsonObject
        {
            ["index"] = bar.Index, ["sizeBytes"] = bar.SizeBytes, ["memH"] = bar.MemH?.ToString(), ["memIo"] = bar.MemIo.ToString(),
        })]),
        ["hostRequestsOutstanding"] = f.HostRequestsOutstanding,
        ["dmaRequestsOutstanding"] = f.DmaRequestsOutstanding,
    };

    private static JsonObject Host(IoHostStatus h) => new()
    {
        ["name"] = h.Name,
        ["vlan"] = h.Vlan.Value,
        ["mac"] = h.Mac.ToString(),
        ["link"] = h.Linked ? h.Silent ? "silent" : "up" : "down",
        ["mtuBytes"] = h.Linked ? h.MtuBytes : null,
        ["maxPayloadBytes"] = h.Linked ? h.MaxPayloadBytes : null,
        ["announced"] = h.Announced,
        ["trouble"] = h.HasFailed ? "failed" : h.Trouble == SetupTrouble.None ? null : CounterJson.Camel(h.Trouble.ToString()),
        ["functions"] = new JsonArray([.. h.Functions.Select(name => (JsonNode)name)]),
    };
}
