using System.Globalization;
using ExpEther.Daemon.Control;

namespace ExpEther.Cli.Top;

/// <summary>
/// Draws the daemons: for each a bar of its time, cut by what it was spent on, and a table of each kind of thing it has. Where there is no
/// colour, the bar is drawn in the stages' letters.
/// </summary>
/// <param name="hasColor">Whether the terminal shows colours.</param>
internal sealed class TopScreen(bool hasColor)
{
    private const int BarWidthMax = 120;
    private const int FigureWidth = 8;
    private const int LabelWidthMax = 28;

    private static readonly (string Stage, char Letter, string Style)[] Stages =
    [
        ("wire", 'w', "dodgerblue1"), ("link", 'l', "aqua"), ("bridge", 'b', "green"), ("attachment", 'a', "fuchsia"), ("device", 'd', "yellow"),
        ("control", 'c', "white"), ("idle", '.', "grey50"), ("asleep", ' ', "grey27"),
    ];

    public IReadOnlyList<TopLine> Draw(IReadOnlyList<TopDaemon> daemons, int width)
    {
        var lines = new List<TopLine>();
        foreach (var daemon in daemons)
        {
            if (lines.Count > 0)
            {
                lines.Add(new TopLine());
            }

            lines.Add(Head(daemon));
            lines.AddRange(Time(daemon, width));
            foreach (var table in daemon.Tables.Where(t => t.Rows.Count > 0))
            {
                lines.AddRange(Table(table, width));
            }
        }

        return lines;
    }

    /// <summary>A number in at most six letters.</summary>
    internal static string Figure(double? value, TopUnit unit) => value switch
    {
        null => "-",
        0 => "0",
        { } micro when unit == TopUnit.Microseconds => micro < 99_999 ? Fixed(micro, micro < 1000 ? "0.0" : "0") : Fixed(micro / 1e6, "0.0") + "s",
        < 0.95 => Fixed(value.Value, "0.0"),
        < 999.5 => Fixed(value.Value, "0"),
        < 999_500 => Three(value.Value / 1e3) + "k",
        < 999_500_000 => Three(value.Value / 1e6) + "M",
        _ => Three(value.Value / 1e9) + "G",
    };

    private static string Three(double value) => Fixed(value, value < 9.995 ? "0.00" : value < 99.95 ? "0.0" : "0");

    private static string Fixed(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static TopLine Head(TopDaemon daemon)
    {
        var line = new TopLine().Add($"{daemon.Kind} {daemon.Name}", "bold underline");
        line.Add(string.Create(CultureInfo.InvariantCulture, $"  pid {daemon.Page.ProcessId}"), "grey");
        if (daemon.IsOverdue)
        {
            return line.Add(
                string.Create(CultureInfo.InvariantCulture, $"  stopped, or its loop hangs: no news for {daemon.Age.TotalSeconds:0.0} s"), "bold red");
        }

        var busy = daemon.Shares.Where(s => s.Stage is not ("idle" or "asleep")).Sum(s => s.Share);
        return line.Add(string.Create(CultureInfo.InvariantCulture, $"  busy {busy * 100:0} %  {Figure(daemon.TurnsPerSecond, TopUnit.Number)} turns/s"));
    }

    private IEnumerable<TopLine> Time(TopDaemon daemon, int width)
    {
        if (daemon.Shares.Count == 0)
        {
            yield break;
        }

        var cells = Cells(daemon, Math.Min(width, BarWidthMax));
        var bar = new TopLine();
        for (var i = 0; i < Stages.Length; i++)
        {
            var glyph = !hasColor ? Stages[i].Letter : Stages[i].Stage switch { "idle" => '░', "asleep" => '·', _ => '█' };
            bar.Add(new string(glyph, cells[i]), Stages[i].Style);
        }

        yield return bar;
        var legend = new TopLine();
        foreach (var (stage, letter, style) in Stages)
        {
            var share = daemon.ShareOf(stage) * 100;
            var piece = $"{stage} {Fixed(share, share is > 0 and < 9.95 ? "0.0" : "0")}";
            if (legend.Width > 0 && legend.Width + piece.Length + 4 > width)
            {
                yield return legend;
                legend = new TopLine();
            }

            legend.Add(hasColor ? "■" : letter == ' ' ? "" : $"{letter}=", style);
            legend.Add($"{(hasColor ? " " : "")}{piece}  ");
        }

        yield return legend;
    }

    /// <summary>How many cells each stage gets: those with the largest rests get what rounding left.</summary>
    private static int[] Cells(TopDaemon daemon, int width)
    {
        var exact = Stages.Select(s => daemon.ShareOf(s.Stage) * width).ToArray();
        var cells = exact.Select(e => (int)e).ToArray();
        var order = Enumerable.Range(0, cells.Length).OrderByDescending(i => exact[i] - cells[i]).ToList();
        for (var i = 0; cells.Sum() < width && i < order.Count; i++)
        {
            cells[order[i]]++;
        }

        return cells;
    }

    private static IEnumerable<TopLine> Table(TopTable table, int width)
    {
        var labelWidth = Math.Min(Math.Max(table.Title.Length, table.Rows.Max(r => r.Label.Length)), LabelWidthMax);
        var columns = Math.Clamp((width - labelWidth) / FigureWidth, 1, table.Columns.Count);
        var head = new TopLine().Add(table.Title.PadRight(labelWidth), "grey");
        for (var i = 0; i < columns; i++)
        {
            head.Add(table.Columns[i].Heading.PadLeft(FigureWidth), "grey");
        }

        yield return head;
        foreach (var row in table.Rows)
        {
            var label = row.Label.Length <= labelWidth ? row.Label : row.Label[..(labelWidth - 1)] + "…";
            var line = new TopLine().Add(label.PadRight(labelWidth), row.Names.FlagOf("isUp") == false ? "grey" : "default");
            for (var i = 0; i < columns; i++)
            {
                var style = row.Figures[i] is null or 0 ? "grey" : table.Columns[i].IsAlarm ? "bold red" : "default";
                line.Add(Figure(row.Figures[i], table.Columns[i].Unit).PadLeft(FigureWidth), style);
            }

            yield return line;
        }
    }
}
