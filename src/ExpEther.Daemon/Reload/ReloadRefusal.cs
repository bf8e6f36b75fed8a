using System.Text.Json.Nodes;

namespace ExpEther.Daemon.Reload;

/// <summary>Why a change cannot be made while the daemon runs, or not now.</summary>
/// <param name="Key">The path of the key.</param>
/// <param name="What">What stands in the way.</param>
/// <param name="Remedy">What to do.</param>
public sealed record ReloadRefusal(string Key, string What, string Remedy)
{
    public const string Restart = "restart the daemon";

    /// <summary>A key that is read at the start only.</summary>
    public static ReloadRefusal OfFixed(ConfigChange change) => new(change.Key, $"{change.From} -> {change.To} takes effect only at a start", Restart);

    public JsonObject ToJson() => new() { ["key"] = Key, ["what"] = What, ["remedy"] = Remedy };

    public override string ToString() => $"key '{Key}': {What}; {Remedy}";
}
