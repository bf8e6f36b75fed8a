using System.Text.Json.Nodes;

namespace ExpEther.Cli.Top;

/// <summary>What <c>top --json</c> prints of an interval.</summary>
internal static class TopJson
{
    public static JsonObject Of(IReadOnlyList<TopDaemon> daemons) => new() { ["daemons"] = new JsonArray([.. daemons.Select(d => (JsonNode)Of(d))]) };

    private static JsonObject Of(TopDaemon daemon)
    {
        var json = new JsonObject
        {
            ["kind"] = daemon.Kind,
            ["name"] = daemon.Name,
            ["pid"] = daemon.Page.ProcessId,
            ["publishedAtNanoseconds"] = daemon.Page.PublishedAt.Nanoseconds,
            ["ageMilliseconds"] = (long)daemon.Age.TotalMilliseconds,
            ["seconds"] = daemon.Seconds,
            ["turnsPerSecond"] = daemon.TurnsPerSecond,
            ["shares"] = new JsonObject(daemon.Shares.Select(s => KeyValuePair.Create(s.Stage, (JsonNode?)s.Share))),
        };
        foreach (var table in daemon.Tables)
        {
            json[table.Name] = new JsonArray([.. table.Rows.Select(row => (JsonNode)Of(table, row))]);
        }

        return json;
    }

    private static JsonObject Of(TopTable table, TopRow row)
    {
        var json = row.Names.DeepClone().AsObject();
        foreach (var (column, figure) in table.Columns.Zip(row.Figures))
        {
            json[column.Key] = figure;
        }

        return json;
    }
}
