using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CsCheck;
using ExpEther.Core.Text;

namespace ExpEther.Core.Tests.Text;

public class SafeTextTests
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = true };

    [Theory]
    [InlineData("disk1 of box-7: 100 %", "disk1 of box-7: 100 %")]
    [InlineData("Gerät 📀", "Gerät 📀")]
    [InlineData("\u001b[31mred", "\\u001b[31mred")]
    [InlineData("\u009b2J", "\\u009b2J")]
    [InlineData("a\u007fb\0", "a\\u007fb\\u0000")]
    [InlineData("\u202Etxt.exe\u2066", "\\u202etxt.exe\\u2066")]
    [InlineData("a\u200Bb\uFEFF", "a\\u200bb\\ufeff")]
    [InlineData("line\u2028next\u2029", "line\\u2028next\\u2029")]
    [InlineData("one\nerror io: two\r\t", "one\\u000aerror io: two\\u000d\\u0009")]
    [InlineData("tag \U000E0041", "tag \\udb40\\udc41")]
    public void What_a_terminal_obeys_is_escaped_and_all_else_stays(string text, string safe) => Assert.Equal(safe, SafeText.Line(text));

    [Fact]
    public void A_surrogate_that_is_alone_is_escaped() => Assert.Equal("a\\ud800b\\udc00", SafeText.Line("a" + '\ud800' + "b" + '\udc00'));

    [Fact]
    public void Lines_keep_their_ends() => Assert.Equal("a\tb\nc\\u000d\n", SafeText.Lines("a\tb\nc\r\n"));

    [Fact]
    public void A_long_line_is_cut_and_the_cut_is_said()
    {
        var line = SafeText.Line(new string('x', 100), 10);

        Assert.Equal("xxxxxxxxxx… (90 characters more)", line);
    }

    [Fact]
    public void Whatever_comes_nothing_is_left_that_a_terminal_obeys() => Gen.Char.Array[0, 40].Sample(chars =>
    {
        var safe = SafeText.Line(new string(chars));

        Assert.True(SafeText.IsSafe(safe, keepsLines: false));
        Assert.All(safe.EnumerateRunes(), rune => Assert.False(
            rune == Rune.ReplacementChar && !chars.Contains('\ufffd')
            || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate));
        Assert.Equal(safe, SafeText.Line(safe));
    });

    [Fact]
    public void JSON_means_the_same_afterwards()
    {
        const string value = "\u001b]0;title\a \u202E \u0085 \u007f \U000E0041 plain \\ \"quoted\"\n";

        var json = SafeText.Lines(JsonSerializer.Serialize(new[] { value }, Relaxed));

        Assert.Equal(value, Assert.Single(JsonSerializer.Deserialize<string[]>(json)!));
        Assert.DoesNotContain('\u202E', json);
    }
}
