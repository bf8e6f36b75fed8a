using System.Text.Json.Nodes;

namespace ExpEther.Cli.Top;

/// <summary>A row of a table of <c>top</c>.</summary>
/// <param name="Label">What it is about.</param>
/// <param name="Names">The label's parts, by their names in the JSON.</param>
/// <param name="Figures">One per column; null: unknown.</param>
internal sealed record TopRow(string Label, JsonObject Names, IReadOnlyList<double?> Figures);
