using System.Globalization;
using System.Text;

namespace ExpEther.Core.Text;

/// <summary>
/// Makes text from outside (a peer's name, a monitor's answer, a path) harmless to a terminal and to a log of one line an entry.
/// <para>
/// What a terminal obeys or a reader cannot see is written as JSON writes it, <c>\u001b</c>: control characters (C0, DEL, C1: ECMA-48 §5),
/// format characters (bidirectional controls among them, Unicode TR36 §3), line and paragraph separators, and surrogates that are alone.
/// Since JSON allows this escape for every character of a string, and such characters stand nowhere else in it, JSON text means the same
/// afterwards. Text that is safe comes back as it is, without a copy.
/// </para>
/// </summary>
public static class SafeText
{
    /// <summary>The longest line of one entry, in characters; what is more is cut and the cut is said.</summary>
    public const int LineCharsMax = 4096;

    /// <summary>One line: line feeds and tabs are escaped too, and it is cut at <paramref name="charsMax"/>.</summary>
    public static string Line(string text, int charsMax = LineCharsMax)
    {
        var left = text.Length - charsMax;
        if (left > 0)
        {
            text = string.Create(CultureInfo.InvariantCulture, $"{text.AsSpan(0, charsMax)}… ({left} characters more)");
        }

        return Escape(text, keepsLines: false);
    }

    /// <summary>Text of several lines: line feeds and tabs stay.</summary>
    public static string Lines(string text) => Escape(text, keepsLines: true);

    /// <summary>Is it text that <see cref="Lines"/> would give back as it is?</summary>
    public static bool IsSafe(ReadOnlySpan<char> text, bool keepsLines = true)
    {
        while (text.Length > 0)
        {
            _ = Next(ref text, keepsLines, out var isSafe);
            if (!isSafe)
            {
                return false;
            }
        }

        return true;
    }

    private static string Escape(string text, bool keepsLines)
    {
        if (IsSafe(text, keepsLines))
        {
            return text;
        }

        var safe = new StringBuilder(text.Length + 32);
        var rest = text.AsSpan();
        while (rest.Length > 0)
        {
            var piece = Next(ref rest, keepsLines, out var isSafe);
            foreach (var c in piece)
            {
                _ = isSafe ? safe.Append(c) : safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            }
        }

        return safe.ToString();
    }

    /// <summary>Takes one character: one UTF-16 unit or a pair.</summary>
    private static ReadOnlySpan<char> Next(ref ReadOnlySpan<char> text, bool keepsLines, out bool isSafe)
    {
        var isWhole = Rune.DecodeFromUtf16(text, out var rune, out var units) == System.Buffers.OperationStatus.Done;
        var piece = text[..units];
        text = text[units..];
        isSafe = isWhole && (piece[0] is '\n' or '\t'
            ? keepsLines
            : Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator));
        return piece;
    }
}
