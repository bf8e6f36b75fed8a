using System.Text.Json.Nodes;

namespace ExpEther.Daemon.Reload;

/// <summary>One key whose value is another now.</summary>
/// <param name="Key">Its path: <c>link.linkDeadSeconds</c>, <c>host.host1.vlan</c>, <c>device.disk1.namespace.1.readOnly</c>.</param>
/// <param name="From">What it was; null: it was not there, or is secret.</param>
/// <param name="To">What it is; null: it is not there any more, or is secret.</param>
public sealed record ConfigChange(string Key, string? From, string? To)
{
    public JsonObject ToJson() => new() { ["key"] = Key, ["from"] = From, ["to"] = To };

    public override string ToString() => (From, To) switch
    {
        (null, null) => $"{Key}: changed",
        (null, _) => $"{Key}: added, {To}",
        (_, null) => $"{Key}: removed, was {From}",
        _ => $"{Key}: {From} -> {To}",
    };
}
