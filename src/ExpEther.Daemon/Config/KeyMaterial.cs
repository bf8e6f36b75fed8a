using System.Security.Cryptography;
using ExpEther.Link.Sealing;

namespace ExpEther.Daemon.Config;

/// <summary>Pre-shared keys: 32 bytes as 64 hexadecimal digits, in the configuration (<c>key</c>) or in a file of its own (<c>keyFile</c>).</summary>
public static class KeyMaterial
{
    /// <summary>The key printed in examples/*.toml. Everybody knows it, so whoever uses it is warned.</summary>
    public const string ExampleHex = "6578616d706c65206b65793a206576657279626f6479206b6e6f77732069740a";

    private const UnixFileMode OthersMay =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>A new key from the operating system's generator.</summary>
    public static string NewHex() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(ConfigLimits.KeyBytes));

    /// <summary>The key of a host and the box of this name, whose MAC is derived from it: what the box is given as <c>pairKey</c>.</summary>
    /// <param name="hostKey">The host's own, 64 hexadecimal digits.</param>
    /// <param name="box">A node's name.</param>
    public static string PairHex(string hostKey, string box) =>
        Convert.ToHexStringLower(PairKey.Derive(Convert.FromHexString(hostKey), MacConfig.OfBox(box)));

    /// <summary>May anybody but the owner use a file of this mode? Then no key may be in it.</summary>
    public static bool IsOpenToOthers(UnixFileMode mode) => (mode & OthersMay) != 0;

    public static bool IsExample(byte[] key) => Convert.ToHexStringLower(key) == ExampleHex;

    /// <summary>Reads <c>key</c> or <c>keyFile</c>. With sealing off neither is needed, and an empty key comes back.</summary>
    internal static byte[] Read(ConfigSection section, bool isSealed) => Read(section, isSealed, "key", "keyFile");

    /// <summary>Reads, at an I/O box, <c>pairKey</c>, <c>pairKeyFile</c>, <c>key</c> or <c>keyFile</c>: one of them.</summary>
    internal static byte[] ReadOfPair(ConfigSection section, bool isSealed, out bool isPairKey)
    {
        isPairKey = section.Has("pairKey") || section.Has("pairKeyFile");
        if (!isPairKey)
        {
            // Asked for, so that they are known in this section.
            _ = (section.Text("pairKey"), section.Text("pairKeyFile"));
            return Read(section, isSealed);
        }

        foreach (var other in new[] { "key", "keyFile" })
        {
            if (section.Text(other) is not null)
            {
                section.Wrong(other, "is given beside the key of the pair", "remove it: the box needs no more than pairKey or pairKeyFile");
            }
        }

        return Read(section, isSealed, "pairKey", "pairKeyFile");
    }

    private static byte[] Read(ConfigSection section, bool isSealed, string inline, string fromFile)
    {
        var text = section.Text(inline);
        var file = section.Text(fromFile);
        var key = section.Has(fromFile) ? fromFile : inline;
        if (text is not null && file is not null)
        {
            section.Wrong(fromFile, $"and {inline} are both given", "keep one of them");
            return [];
        }

        if (file is not null)
        {
            if (!KeyFile.TryRead(Path.GetFullPath(file, section.Document.Folder), out text, out var problem))
            {
                section.Wrong(fromFile, problem.What, problem.Remedy);
                return [];
            }
        }

        if (text is null)
        {
            if (isSealed)
            {
                section.Missing(
                    "key",
                    "make one by `expether keygen FILE` and write keyFile = \"FILE\" here and at the other end, or write [link] seal = \"off\" at both ends");
            }

            return [];
        }

        if (TryParse(text, out var bytes))
        {
            if (file is null && section.Document.OpenMode is { } mode && !IsExample(bytes))
            {
                section.Wrong(
                    inline, $"is in a file that can be used by others (mode {Convert.ToString((int)mode, 8)})",
                    $"chmod 600 {section.Document.File}, or put the key into a file of its own and name that by {fromFile}");
            }

            return bytes;
        }

        section.Wrong(key, "is not a key", "a key is 64 hexadecimal digits; make one by `expether keygen`");
        return [];
    }

    /// <summary>Reads 64 hexadecimal digits, with white space round them.</summary>
    public static bool TryParse(string text, out byte[] key)
    {
        text = text.Trim();
        var isKey = text.Length == ConfigLimits.KeyBytes * 2 && text.All(char.IsAsciiHexDigit);
        key = isKey ? Convert.FromHexString(text) : [];
        return isKey;
    }
}
