using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace ExpEther.Cli.Commands;

/// <summary>A number of bytes on the command line: plain, or with KiB, MiB, GiB or TiB.</summary>
internal static class ByteCount
{
    public static Option<long?> Option(string name, string description) =>
        new(name) { Description = description, HelpName = "N", CustomParser = Parse };

    public static Argument<long?> Argument(string name, string description) => new(name) { Description = description, CustomParser = Parse };

    private static long? Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
        var digits = text.TakeWhile(char.IsAsciiDigit).Count();
        var shift = text[digits..].ToUpperInvariant() switch
        {
            "" or "B" => 0,
            "K" or "KIB" => 10,
            "M" or "MIB" => 20,
            "G" or "GIB" => 30,
            "T" or "TIB" => 40,
            _ => -1,
        };
        if (shift >= 0 && long.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number <= long.MaxValue >> shift)
        {
            return number << shift;
        }

        result.AddError($"'{text}' is not a number of bytes; write for example 4096, 64KiB or 1GiB");
        return null;
    }
}
