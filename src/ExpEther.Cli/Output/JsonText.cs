using System.Text.Json;
using System.Text.Json.Nodes;
using ExpEther.Core.Text;

namespace ExpEther.Cli.Output;

/// <summary>Values of a daemon's answer as cells of a table.</summary>
internal static class JsonText
{
    private const int CellCharsMax = 1024;

    public static IEnumerable<JsonObject> Objects(this JsonObject json, string name) => (json[name] as JsonArray)?.OfType<JsonObject>() ?? [];

    /// <summary>The value as one safe line of text; "-" when there is none.</summary>
    public static string Cell(this JsonObject json, string name) => SafeText.Line(Text(json[name]), CellCharsMax);

    /// <summary>The value as safe lines of text, each cut as a cell is; "-" when there is none.</summary>
    public static IEnumerable<string> Lines(this JsonObject json, string name) =>
        Text(json[name]).TrimEnd().Split('\n').Select(line => SafeText.Line(line, CellCharsMax));

    public static long Count(this JsonObject json, string name) => json[name] is JsonValue value && value.TryGetValue<long>(out var number) ? number : 0;

    private static string Text(JsonNode? of) => of switch
    {
        null => "-",
        JsonArray array => array.Count == 0 ? "-" : string.Join(",", array.Select(item => item?.ToString() ?? "-")),
        JsonValue value when value.GetValueKind() == JsonValueKind.True => "yes",
        JsonValue value when value.GetValueKind() == JsonValueKind.False => "no",
        JsonNode value => value.ToString() is { Length: > 0 } text ? text : "-",
    };

    public static string Size(long bytes) => bytes switch
    {
        >= 1L << 30 when bytes % (1 << 20) == 0 => $"{bytes / (double)(1L << 30):0.##} GiB",
        >= 1 << 20 => $"{bytes / (double)(1 << 20):0.##} MiB",
        >= 1 << 10 => $"{bytes / 1024.0:0.##} KiB",
        _ => $"{bytes} B",
    };
}
