using System.Text;

namespace ExpEther.Tests.Shared;

/// <summary>Faults for a line or a file that was valid: bytes cut out, doubled, inserted, overwritten. Deterministic by its random numbers.</summary>
internal static class Mutation
{
    /// <summary>For JSON: what its readers decode late, and what upsets its shape.</summary>
    public static readonly byte[][] JsonPieces =
    [
        .. Of(
            "\\ud800", "\\udc00\\ud800", "\\u0000", "\"", "\\", "{", "}", "[", "]", ",", ":", "1e400", "-1e400", "-0", "18446744073709551616", "1e2", "0.5",
            "9223372036854775808", "null", "true",
            "{\"a\":1,\"a\":2}", "[[[[[[[[[[[[[[[[[[[[", "\"id\":1,", "\"\\u0069d\":2,", "\"data\":-1,", "\"data\":1e0,", "\r", " "),
        .. NoText,
    ];

    /// <summary>For TOML: its brackets, its numbers, its dates, its escapes.</summary>
    public static readonly byte[][] TomlPieces =
    [
        .. Of(
            "\\ud800", "\\u0000", "\\U0010FFFF", "\\U00110000",
            "\"", "\"\"\"", "'''", "'", "\\", "{", "}", "[", "]", "[[", "]]", ",", ".", "=", "#", "\n", "\r", " ",
            "[x.y]\n", "[[host]]\n", "[host]\n", "[[device.namespace]]\n", "a.b.c = 1\n", "\"\" = 1\n", "{a = 1, a = 2}", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
            "1979-05-27T07:32:00Z", "1e400", "-inf", "nan", "0x7fffffffffffffff", "99999999999999999999", "-9223372036854775808", "0", "-1", "1.5",
            "true", "[]", "{}",
            "\"\"", "[1, \"a\"]", "/", "..", "/dev/null"),
        .. NoText,
    ];

    /// <summary>Bytes that are no UTF-8, or that programs trip over.</summary>
    private static byte[][] NoText => [[0], [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xEF, 0xBB, 0xBF], [0x80]];

    /// <summary>One to four faults of text.</summary>
    public static byte[] OfText(byte[] text, byte[][] pieces, Random random)
    {
        for (var count = random.Next(1, 5); count > 0; count--)
        {
            var at = random.Next(text.Length + 1);
            var piece = pieces[random.Next(pieces.Length)];
            text = random.Next(5) switch
            {
                0 => [.. text[..at], .. piece, .. text[at..]],
                1 => [.. text[..at], .. piece, .. text[Math.Min(at + piece.Length, text.Length)..]],
                2 => [.. text[..at], .. text[Math.Min(at + 1, text.Length)..]],
                3 => [.. text[..at], .. text[Math.Min(at + random.Next(text.Length), text.Length)..]],
                _ => [.. text[..at], .. text[..at], .. text[at..]],
            };
        }

        return text;
    }

    /// <summary>One to four faults of a binary file: bits, numbers at their edges, cuts, parts moved.</summary>
    public static byte[] OfBytes(byte[] file, Random random)
    {
        byte[] changed = [.. file];
        for (var count = random.Next(1, 5); count > 0 && changed.Length > 0; count--)
        {
            var at = random.Next(changed.Length);
            switch (random.Next(4))
            {
                case 0:
                    changed[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    var edge = BitConverter.GetBytes(Edges[random.Next(Edges.Length)]);
                    edge.AsSpan(0, Math.Min(edge.Length, changed.Length - at)).CopyTo(changed.AsSpan(at));
                    break;
                case 2:
                    changed = changed[..at];
                    break;
                default:
                    changed = [.. changed[..at], .. changed[random.Next(changed.Length)..]];
                    break;
            }
        }

        return changed;
    }

    private static readonly uint[] Edges = [0, 1, 2, 8, 12, 0x7F, 0xFF, 0x100, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFF8, 0xFFFF_FFFF];

    private static IEnumerable<byte[]> Of(params string[] texts) => texts.Select(Encoding.UTF8.GetBytes);
}
