using System.Text.Json.Nodes;

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

    /// <summary>What <see cref="ToJson"/> made.</summary>
    public static ConfigError Of(JsonObject json) => new(
        json["file"]!.GetValue<string>(), json["line"]!.GetValue<int>(), json["key"]!.GetValue<string>(), json["what"]!.GetValue<string>(),
        json["remedy"]!.GetValue<string>());

    public override string ToString() =>
        Key.Length == 0 ? $"{File}:{Line}: {What}; {Remedy}" : $"{File}:{Line}: key '{Key}': {What}; {Remedy}";
}
