namespace ExpEther.Cli.Top;

/// <summary>A column of a table of <c>top</c>.</summary>
/// <param name="Key">Its name in the JSON.</param>
/// <param name="Heading">At most seven letters.</param>
/// <param name="Unit">How its figures are written.</param>
/// <param name="IsAlarm">Any figure but zero is bad news.</param>
internal sealed record TopColumn(string Key, string Heading, TopUnit Unit = TopUnit.Number, bool IsAlarm = false);
