using System.Text.Json.Nodes;

namespace ExpEther.Cli.Top;

/// <summary>A counting thing at two moments, and what happened to it between them.</summary>
/// <param name="before">Earlier; null: it was not there, and nothing is known of what it did.</param>
/// <param name="after">Later.</param>
/// <param name="seconds">Between them; 0: no news.</param>
internal readonly struct TopItem(JsonObject? before, JsonObject after, double seconds)
{
    public JsonObject After => after;

    /// <summary>How much of the named counters came in a second, together.</summary>
    public double PerSecond(params ReadOnlySpan<string> names) => seconds > 0 ? Grown(names) / seconds : 0;

    public double Grown(params ReadOnlySpan<string> names)
    {
        if (before is null)
        {
            return 0;
        }

        double sum = 0;
        foreach (var name in names)
        {
            sum += Math.Max(Value(after, name) - Value(before, name), 0);
        }

        return sum;
    }

    public double Now(string name) => Value(after, name);

    /// <summary>An object within.</summary>
    public TopItem? Part(string name) => after[name] is JsonObject part ? new TopItem(before?[name] as JsonObject, part, seconds) : null;

    /// <summary>The elements of a list, each with what it was before: the element with the same name.</summary>
    public IEnumerable<TopItem> Elements(string list, string nameKey)
    {
        var earlier = (before?[list] as JsonArray)?.OfType<JsonObject>().ToList() ?? [];
        foreach (var element in (after[list] as JsonArray)?.OfType<JsonObject>() ?? [])
        {
            var name = element[nameKey]?.ToString();
            yield return new TopItem(earlier.Find(e => e[nameKey]?.ToString() == name), element, seconds);
        }
    }

    private static double Value(JsonObject item, string name) => item[name] is JsonValue value && value.TryGetValue<long>(out var number) ? number : 0;
}
