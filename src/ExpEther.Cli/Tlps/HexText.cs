namespace ExpEther.Cli.Tlps;

/// <summary>Bytes written in hexadecimal as people paste them: 0x before, blanks and : - _ , between.</summary>
internal static class HexText
{
    /// <param name="text">One line.</param>
    /// <param name="bytes">What it says.</param>
    /// <returns>Null, or what is wrong and in which column (from 1).</returns>
    public static string? Parse(string text, out byte[] bytes)
    {
        var digits = new List<int>();
        bytes = [];
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsAsciiHexDigit(text[i]))
            {
                // 0x is a prefix only where a number begins.
                if (text[i] == '0' && i + 1 < text.Length && text[i + 1] is 'x' or 'X' && (i == 0 || !char.IsAsciiHexDigit(text[i - 1])))
                {
                    i++;
                    continue;
                }

                digits.Add(Convert.ToInt32(text[i].ToString(), 16));
            }
            else if (!char.IsWhiteSpace(text[i]) && text[i] is not (':' or '-' or '_' or ','))
            {
                return $"column {i + 1}: '{text[i]}' is not a hexadecimal digit";
            }
        }

        if (digits.Count % 2 != 0)
        {
            return $"{digits.Count} digits; two make a byte, so one is missing or too many";
        }

        bytes = [.. digits.Chunk(2).Select(pair => (byte)((pair[0] << 4) | pair[1]))];
        return null;
    }
}
