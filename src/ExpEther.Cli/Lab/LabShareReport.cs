using System.Text.Json.Nodes;
using ExpEther.Cli.Output;
using ExpEther.Cli.Wiring;

namespace ExpEther.Cli.Lab;

/// <summary>What <c>lab share</c> found; the object that <c>--json</c> prints (docs/commands.md has every field).</summary>
internal sealed class LabShareReport
{
    public List<LabShareGuest> Guests { get; } = [];

    public LabShareMove? Move { get; set; }

    public LabFailure? Failure { get; set; }

    /// <summary>Every step was made.</summary>
    public bool IsComplete { get; set; }

    /// <summary>Seconds in which all guests were at work.</summary>
    public double OverlapSeconds => Guests.Count == 0 ? 0 : Math.Max(Guests.Min(g => g.EndNs) - Guests.Max(g => g.StartNs), 0) / 1e9;

    public bool IsOk => Reason is null;

    /// <summary>Why it is not ok; null when it is.</summary>
    public string? Reason
    {
        get
        {
            if (Failure is not null)
            {
                return Failure.Message;
            }

            var wrong = Guests.Where(g => g.Trouble is not null).Select(g => $"{g.Name}: {g.Trouble}")
                .Concat(Guests.Where(g => g.DmesgErrors is { Count: > 0 }).Select(g => $"{g.Name}'s kernel says: {string.Join(" | ", g.DmesgErrors!)}"))
                .ToList();
            return wrong.Count > 0 ? string.Join("; ", wrong)
                : Move is { IsVerified: false } ? "the new guest did not find what the old one wrote"
                : !IsComplete || !Guests.All(g => g.IsRight) ? "it did not come to its end"
                : OverlapSeconds <= 0 ? "the guests did not all work at the same time"
                : null;
        }
    }

    public JsonObject ToJson()
    {
        var json = new JsonObject { ["ok"] = IsOk };
        if (Reason is { } reason)
        {
            json["reason"] = reason;
            json["error"] = new JsonObject
            {
                ["code"] = Failure?.Code ?? "not-verified", ["message"] = reason, ["remedy"] = Failure?.Remedy ?? "see the steps on stderr",
            };
        }

        json["guests"] = new JsonArray([.. Guests.Select(g => (JsonNode)g.ToJson())]);
        json["overlap"] = Math.Round(OverlapSeconds, 3);
        json["move"] = Move?.ToJson();
        return json;
    }

    public string Describe(TimeSpan elapsed)
    {
        var table = new TextTable("GUEST", "BOOT", "PLUG", "DISK", "BDF IN GUEST", "VF_H", "VF_IO", "READ+WRITTEN", "FIO", "KERNEL SAYS");
        foreach (var g in Guests.Select(g => g.ToJson()))
        {
            table.Add(
                g.Cell("name"), $"{g.Cell("bootMs")} ms", $"{g.Cell("plugMs")} ms", g.Cell("device"), g.Cell("bdfGuest"), g.Cell("vfH"), g.Cell("vfIo"),
                JsonText.Size(g.Count("bytes")), g.Cell("fioVerified") == "yes" ? "verified" : "WRONG",
                g["dmesgErrors"]!.AsArray().Count is 0 ? "nothing" : $"{g["dmesgErrors"]!.AsArray().Count} errors");
        }

        var move = Move?.ToJson();
        return $"\n{Guests.Count} virtual machines of stock Linux used one NVMe controller over Ethernet, for {OverlapSeconds:0.0} s all at once:\n\n"
            + $"{table}\n\n"
            + (move is null ? "" : $"A file system moved from {move.Cell("from")} to {move.Cell("to")}: hot-removed in {move.Cell("removeMs")} ms, "
                + $"hot-added {move.Cell("addMs")} ms later; checksums {(Move!.IsVerified ? "are equal" : "DIFFER")}.\n\n")
            + (IsOk ? $"Everything verified, in {elapsed.TotalSeconds:0.0} s." : $"NOT verified: {Reason}");
    }
}
