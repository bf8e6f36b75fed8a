using System.Text.Json.Nodes;
using ExpEther.Cli.Output;
using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Demo;

/// <summary>What the demo found; the object that <c>--json</c> prints (docs/commands.md has every field).</summary>
internal sealed class DemoReport
{
    private readonly List<int> _pids = [];
    private LabTransport? _transport;
    private long _sent;
    private long _received;
    private long _retransmitted;
    private long _dropped;

    public bool IsSealed { get; set; }

    /// <summary>Every step was made.</summary>
    public bool IsComplete { get; set; }

    public LabFailure? Failure { get; set; }

    public DemoMove? Move { get; set; }

    public DemoSharing? Sharing { get; set; }

    /// <summary>The shared device as the I/O box tells it.</summary>
    public JsonObject? Device { get; set; }

    public List<SharedDisk> Shared { get; } = [];

    public List<DemoHost> Hosts { get; } = [];

    /// <summary>Checks that no host made.</summary>
    public List<DemoCheck> Checks { get; } = [];

    public bool IsOk => IsComplete && Failure is null && Sharing is { OverlapSeconds: > 0 } && Move is { IsVerified: true }
        && Hosts.All(h => h.IsVerified) && Checks.All(c => c.IsRight);

    /// <summary>Why it is not ok; null when it is.</summary>
    public string? Reason
    {
        get
        {
            if (IsOk)
            {
                return null;
            }

            if (Failure is not null)
            {
                return Failure.Message;
            }

            var wrong = Hosts.SelectMany(h => h.Checks.Where(c => !c.IsRight).Select(c => $"{c.Disk}, {c.What} ({h.Name})"))
                .Concat(Checks.Where(c => !c.IsRight).Select(c => $"{c.Disk}, {c.What}"))
                .ToList();
            if (wrong.Count == 0 && Sharing is { OverlapSeconds: <= 0 })
            {
                return "the hosts did not all transfer at the same time";
            }

            return wrong.Count > 0 ? $"SHA-256 differs: {string.Join("; ", wrong)}" : "the demo did not come to its end";
        }
    }

    public void Take(DemoLab lab)
    {
        _transport = lab.Transport;
        _pids.Clear();
        _pids.AddRange(lab.Processes.Select(p => p.Id));
    }

    /// <summary>Adds the counters of one daemon's links.</summary>
    public void Count(JsonObject stats)
    {
        foreach (var link in stats.Objects("links").Concat(stats.Objects("hosts").SelectMany(h => h.Objects("links"))))
        {
            _sent += link.Count("framesSent");
            _received += link.Count("framesReceived");
            _retransmitted += link.Count("framesRetransmitted");
            _dropped += link.Count("framesDropped");
        }
    }

    public JsonObject ToJson()
    {
        var json = new JsonObject { ["ok"] = IsOk };
        if (!IsOk)
        {
            json["reason"] = Reason;
            json["error"] = new JsonObject
            {
                ["code"] = Failure?.Code ?? "not-verified",
                ["message"] = Reason,
                ["remedy"] = Failure?.Remedy ?? "was a backing file changed during the run?",
            };
        }

        json["transport"] = _transport is { } transport ? transport.Name : null;
        json["sealed"] = IsSealed;
        json["pids"] = new JsonArray([.. _pids.Select(pid => (JsonNode)pid)]);
        json["backing"] = new JsonArray([.. Shared.Select(d => (JsonNode)d.Backing)]);
        json["device"] = Device is null ? null : new JsonObject
        {
            ["name"] = Device["name"]?.DeepClone(),
            ["totalVfs"] = Device["totalVfs"]?.DeepClone(),
            ["numVfs"] = Device["numVfs"]?.DeepClone(),
            ["firstVfOffset"] = Device["firstVfOffset"]?.DeepClone(),
            ["vfStride"] = Device["vfStride"]?.DeepClone(),
        };
        json["hosts"] = new JsonArray([.. Hosts.Select(h => (JsonNode)Host(h))]);
        json["overlap"] = Sharing is null ? null : Math.Round(Sharing.OverlapSeconds, 3);
        json["move"] = Move?.ToJson();
        json["frames"] = new JsonObject { ["sent"] = _sent, ["received"] = _received, ["retransmitted"] = _retransmitted, ["dropped"] = _dropped };
        return json;
    }

    private static JsonObject Host(DemoHost host)
    {
        var shown = host.Checks.FirstOrDefault(c => !c.IsRight) ?? host.Checks.FirstOrDefault(c => c.IsOfShared);
        return new JsonObject
        {
            ["name"] = host.Name,
            ["vlan"] = host.Vlan,
            ["mac"] = host.Mac,
            ["startNs"] = host.StartNs,
            ["endNs"] = host.EndNs,
            ["privateNamespace"] = host.Private?.Id,
            ["functions"] = new JsonArray([.. host.Functions.Select(f => f.DeepClone())]),
            ["bytesRead"] = host.BytesRead,
            ["bytesWritten"] = host.BytesWritten,
            ["sha256Expected"] = shown?.Expected,
            ["sha256Actual"] = shown?.Actual,
            ["verified"] = host.IsVerified,
        };
    }
}
