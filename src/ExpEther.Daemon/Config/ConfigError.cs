using System.Text.Json.Nodes;
using ExpEther.Daemon.Control;

namespace ExpEther.Daemon.Config;

/// <summary>One mistake in a configuration file, with all a user needs to correct it.</summary>
/// <param name="File">The file as it was named.</param>
/// <param name="Line">Counted from 1.</param>
/// <param name="Key">The key as written; empty for a mistake of syntax.</param>
/// <param name="What">What is wrong.</param>
/// <param name="Remedy">What to write instead.</param>
public sealed record ConfigError(string File, int Line, string Key, string What, string Remedy)
{
    public JsonObject ToJson() => new() { ["file"] = File, ["line"] = Line, ["key"] = Key, ["what"] = What, ["remedy"] = Remedy };

    /// <summary>What <see cref="ToJson"/> made. Whatever is missing is empty.</summary>
    public static ConfigError Of(JsonObject json) => new(
        json.TextOf("file") ?? "", (int)Math.Clamp(json.WholeOf("line") ?? 0, 0, int.MaxValue), json.TextOf("key") ?? "", json.TextOf("what") ?? "",
        json.TextOf("remedy") ?? "");

    public override string ToString() =>
        Key.Length == 0 ? $"{File}:{Line}: {What}; {Remedy}" : $"{File}:{Line}: key '{Key}': {What}; {Remedy}";
}
