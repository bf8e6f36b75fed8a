using System.Text;
using ExpEther.Core.Text;
using Spectre.Console;

namespace ExpEther.Cli.Top;

/// <summary>A line of the screen: pieces of text, each with a style of Spectre.Console.</summary>
internal sealed class TopLine
{
    private readonly List<(string Text, string Style)> _pieces = [];

    public int Width => _pieces.Sum(p => p.Text.Length);

    public string Plain => string.Concat(_pieces.Select(p => p.Text)).TrimEnd();

    public TopLine Add(string text, string style = "default")
    {
        _pieces.Add((SafeText.Line(text), style));
        return this;
    }

    /// <summary>With its styles, no wider than the screen.</summary>
    public string ToMarkup(int width)
    {
        var markup = new StringBuilder();
        foreach (var (text, style) in _pieces)
        {
            var piece = text.Length <= width ? text : text[..width];
            width -= piece.Length;
            markup.Append('[').Append(style).Append(']').Append(Markup.Escape(piece)).Append("[/]");
        }

        return markup.ToString();
    }
}
