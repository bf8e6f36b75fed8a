namespace ExpEther.Cli.Top;

/// <summary>What a daemon has several of.</summary>
/// <param name="Name">In the JSON: links, functions, slots, devices, ports.</param>
/// <param name="Title">Over its labels.</param>
/// <param name="Columns">The first ones matter most: the last are left out where there is no room.</param>
/// <param name="Rows">One for each.</param>
internal sealed record TopTable(string Name, string Title, IReadOnlyList<TopColumn> Columns, IReadOnlyList<TopRow> Rows);
