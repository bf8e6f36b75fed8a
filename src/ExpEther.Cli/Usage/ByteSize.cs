using System.Globalization;

namespace ExpEther.Cli.Usage;

/// <summary>
/// A size as people write it, in the convention of GNU's dd and truncate: K, M, G, T and KiB, MiB, GiB, TiB are powers of 1024; KB, MB, GB, TB are
/// powers of 1000. Letters of either case, a space before the unit, a fraction (1.5GiB), underscores between digits, and 0x for hexadecimal
/// bytes are understood.
/// </summary>
internal static class ByteSize
{
    /// <param name="text">As typed.</param>
    /// <param name="bytes">0 to 2^63 - 1.</param>
    /// <param name="isBare">No unit was written.</param>
    /// <returns>False: it is no size, or not a whole number of bytes.</returns>
    public static bool TryParse(string text, out long bytes, out bool isBare)
    {
        var written = text.Trim();
        (bytes, isBare) = (0, true);
        if (written.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return long.TryParse(written.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out bytes) && bytes >= 0;
        }

        var digits = written.TakeWhile(c => char.IsAsciiDigit(c) || c is '.' or '_').Count();
        var unit = written[digits..].TrimStart();
        isBare = unit.Length == 0;
        if (digits == 0 || written[0] == '_' || UnitBytes(unit) is not { } factor
            || !decimal.TryParse(
                written[..digits].Replace("_", "", StringComparison.Ordinal), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            || number > long.MaxValue / factor)
        {
            return false;
        }

        var product = number * factor;
        bytes = (long)product;
        return product == bytes;
    }

    private static decimal? UnitBytes(string unit)
    {
        if (unit.Length == 0 || unit.Equals("B", StringComparison.OrdinalIgnoreCase))
        {
            return 1;
        }

        var power = "KMGTP".IndexOf(char.ToUpperInvariant(unit[0]), StringComparison.Ordinal) + 1;
        var radix = unit[1..].ToUpperInvariant() switch
        {
            "" or "I" or "IB" => 1024m,
            "B" => 1000m,
            _ => 0m,
        };
        if (power == 0 || radix == 0)
        {
            return null;
        }

        var factor = 1m;
        for (var i = 0; i < power; i++)
        {
            factor *= radix;
        }

        return factor;
    }
}
