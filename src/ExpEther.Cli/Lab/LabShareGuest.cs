using System.Text.Json.Nodes;

namespace ExpEther.Cli.Lab;

/// <summary>What one guest of <c>lab share</c> did and found.</summary>
/// <param name="node">The guest.</param>
/// <param name="accel">How it runs.</param>
internal sealed class LabShareGuest(LabGuestNode node, string accel)
{
    public LabGuestNode Node { get; } = node;

    public string Name => Node.Name;

    /// <summary>Its disk: <c>/dev/nvme0n1</c>.</summary>
    public string Device { get; set; } = "";

    /// <summary>Where the guest's own PCI core has the function.</summary>
    public string BdfGuest { get; set; } = "";

    public string VfH { get; set; } = "";

    public string VfIo { get; set; } = "";

    /// <summary>Every pass was right; null before the first.</summary>
    public bool? FioVerified { get; set; }

    /// <summary>What went wrong first.</summary>
    public string? Trouble { get; set; }

    /// <summary>Read and written by fio.</summary>
    public long Bytes { get; set; }

    /// <summary>CLOCK_MONOTONIC of this machine.</summary>
    public long StartNs { get; set; }

    /// <inheritdoc cref="StartNs"/>
    public long EndNs { get; set; }

    /// <summary>Warnings and errors of the guest's kernel from since it was given the function; null before it was asked.</summary>
    public IReadOnlyList<string>? DmesgErrors { get; set; }

    /// <summary>Warnings of the guest's kernel from before it was given the function.</summary>
    public int WarningsBefore { get; set; }

    public bool IsRight => FioVerified == true && Trouble is null && DmesgErrors is { Count: 0 };

    public JsonObject ToJson() => new()
    {
        ["name"] = Name, ["accel"] = accel, ["bootMs"] = (long)(Node.Guest?.BootTime.TotalMilliseconds ?? 0),
        ["plugMs"] = (long)Node.PlugTime.TotalMilliseconds,
        ["device"] = Device, ["bdfGuest"] = BdfGuest, ["vfH"] = VfH, ["vfIo"] = VfIo, ["fioVerified"] = FioVerified == true, ["bytes"] = Bytes,
        ["startNs"] = StartNs, ["endNs"] = EndNs, ["dmesgErrors"] = new JsonArray([.. (DmesgErrors ?? []).Select(line => (JsonNode)line)]),
    };
}
