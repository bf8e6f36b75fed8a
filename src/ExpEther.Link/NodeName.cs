using System.Text;

namespace ExpEther.Link;

/// <summary>
/// What a bridge or a function may be called: ASCII letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, a letter or digit first, at most
/// <see cref="LinkLimits.NameBytesMax"/> of them. So a name is one word in every log, table, shell and file system. A configuration that gives
/// another is refused with its line; a frame that carries another is malformed. Empty: the sender has none.
/// </summary>
public static class NodeName
{
    public static bool IsValid(ReadOnlySpan<char> name)
    {
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.'))
            {
                return false;
            }
        }

        return name.Length is > 0 and <= LinkLimits.NameBytesMax && char.IsAsciiLetterOrDigit(name[0]);
    }

    /// <summary>A name as it came in; empty where the peer has none.</summary>
    /// <returns>Null: no name may be so.</returns>
    public static string? Read(ReadOnlySpan<byte> bytes)
    {
        var name = Encoding.ASCII.GetString(bytes);
        return bytes.IsEmpty || IsValid(name) ? name : null;
    }
}
