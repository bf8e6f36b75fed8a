using System.Text;

namespace ExpEther.Cli.Output;

/// <summary>A plain table: columns as wide as their longest cell, two spaces between them. Good for people, grep and awk.</summary>
internal sealed class TextTable(params string[] headings)
{
    private readonly List<string[]> _rows = [headings];

    public void Add(params string[] cells)
    {
        Check.That(cells.Length == headings.Length);
        _rows.Add(cells);
    }

    public override string ToString()
    {
        var widths = Enumerable.Range(0, headings.Length).Select(column => _rows.Max(row => row[column].Length)).ToArray();
        var text = new StringBuilder();
        foreach (var row in _rows)
        {
            var line = string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column])));
            text.AppendLine(line.TrimEnd());
        }

        return text.ToString().TrimEnd();
    }
}
