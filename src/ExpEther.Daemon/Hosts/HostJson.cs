using System.Text.Json.Nodes;
using ExpEther.Bridge.Diagnosis;
using ExpEther.Daemon.Status;
using ExpEther.Nvme.Driver;
using ExpEther.RootComplex.Enumeration;

namespace ExpEther.Daemon.Hosts;

/// <summary>A host's state as JSON.</summary>
internal static class HostJson
{
    public static JsonObject Host(DaemonHost host)
    {
        var status = host.Bridge.Status();
        var json = new JsonObject
        {
            ["name"] = status.Name,
            ["vlan"] = status.Vlan.Value,
            ["mac"] = status.Mac.ToString(),
            ["trouble"] = host.HasFailed ? "failed" : status.HasTwin ? Trouble(SetupTrouble.OursIsTaken) : null,
            ["slots"] = new JsonArray([.. status.Slots.Select(slot =>
            {
                var shown = new JsonObject
                {
                    ["slot"] = slot.Slot,
                    ["state"] = CounterJson.Camel(slot.State.ToString()),
                    ["function"] = slot.Function?.Name,
                    ["box"] = slot.Function?.BoxName,
                    ["bdf"] = slot.Function is { } f ? f.VfH.ToString() : null,
                    ["hostH"] = slot.Function?.HostH.ToString(),
                    ["generation"] = slot.Function?.Generation,
                    ["keptFor"] = slot is { Function: null, Kept: { IsExpected: true } kept }
                        ? new JsonObject { ["function"] = kept.Function, ["box"] = kept.Box.ToString() }
                        : null,
                };
                host.Describe(slot, shown);
                return (JsonNode)shown;
            })]),
            ["boxes"] = new JsonArray([.. status.Boxes.Select(box => (JsonNode)new JsonObject
            {
                ["name"] = box.Name, ["mac"] = box.Mac.ToString(), ["link"] = box.IsUp ? box.IsSilent ? "silent" : "up" : "down", ["epoch"] = box.Epoch,
                ["mtuBytes"] = box.IsUp ? box.MtuBytes : null, ["maxPayloadBytes"] = box.IsUp ? box.MaxPayloadBytes : null,
                ["trouble"] = Trouble(box.Trouble),
            })]),
            ["misfits"] = new JsonArray([.. status.Misfits.Select(m => (JsonNode)new JsonObject
            {
                ["mac"] = m.Mac.ToString(), ["trouble"] = Trouble(m.Trouble),
            })]),
        };
        host.Describe(json);
        return json;
    }

    public static JsonObject Disk(EmbeddedHost host, NvmeDisk disk) => new()
    {
        ["host"] = host.Config.Name,
        ["disk"] = disk.Name,
        ["function"] = host.SlotOf(disk)?.Function?.Name,
        ["bdf"] = disk.Function.Rid.ToString(),
        ["serial"] = disk.SerialNumber.Trim(),
        ["model"] = disk.ModelNumber.Trim(),
        ["bytes"] = disk.Namespaces.Count > 0 ? disk.Namespaces[0].Bytes : 0,
        ["blockBytes"] = disk.Namespaces.Count > 0 ? disk.BlockBytes : 0,
    };

    public static JsonObject Tree(EmbeddedHost host) => new()
    {
        ["name"] = host.Config.Name,
        ["text"] = host.RootComplex.Tree.ToText(),
        ["functions"] = new JsonArray([.. host.RootComplex.Tree.Nodes.Select(node => (JsonNode)Node(node))]),
    };

    private static string? Trouble(SetupTrouble trouble) => trouble == SetupTrouble.None ? null : CounterJson.Camel(trouble.ToString());

    private static JsonObject Node(PciNode node) => new()
    {
        ["bdf"] = node.Rid.ToString(),
        ["kind"] = CounterJson.Camel(node.Kind.ToString()),
        ["vendorId"] = $"0x{node.VendorId:x4}",
        ["deviceId"] = $"0x{node.DeviceId:x4}",
        ["classCode"] = $"0x{node.ClassCode:x6}",
        ["parent"] = node.Parent?.Rid.ToString(),
        ["bars"] = new JsonArray([.. node.Bars.Select(bar => (JsonNode)new JsonObject
        {
            ["index"] = bar.Index, ["address"] = $"0x{bar.Address:x}", ["sizeBytes"] = bar.SizeBytes,
        })]),
    };
}
