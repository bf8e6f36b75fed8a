using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace ExpEther.Daemon.State;

/// <summary>
/// What every file of a daemon's state is wrapped in. It stays JSON that people and jq can read, in one line that ends the file:
/// <code>{"expether":"KIND","version":N,"bytes":N,"sha256":"64 hexadecimal digits","state":{…}}</code>
/// <para>
/// Theory. <c>bytes</c> is the length of the state; the digest is SHA-256 over all bytes in front of <c>,"sha256"</c> and then the state, as they
/// stand in the file. Every byte outside of that is compared with the only value it may have, and nothing may follow. So a file in which any bit
/// differs, or that ends anywhere earlier, is refused: there is no second spelling of the same state. SHA-256 and not the link's CRC-32C, because a
/// file is written a few times a minute: the digest costs nothing there, and unlike a CRC it leaves no pattern of damage, a mixture of two
/// files included, that passes with a chance worth naming.
/// </para>
/// </summary>
internal static class StateEnvelope
{
    private const string DigestOpen = ",\"sha256\":\"";
    private const string StateOpen = "\",\"state\":";
    private const string Close = "}\n";
    private const int NumberDigitsMax = 9;

    /// <param name="kind">What the state is: letters, digits and '-'.</param>
    /// <param name="version">Of the state's format, at least 1.</param>
    /// <param name="state">JSON.</param>
    public static byte[] Wrap(string kind, int version, ReadOnlySpan<byte> state)
    {
        var head = Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"{{\"expether\":\"{kind}\",\"version\":{version},\"bytes\":{state.Length}"));
        return [.. head, .. Encoding.UTF8.GetBytes(DigestOpen + DigestOf(head, state) + StateOpen), .. state, .. Encoding.UTF8.GetBytes(Close)];
    }

    /// <summary>Whether a file is in an envelope at all; files from before there were envelopes are not.</summary>
    public static bool IsWrapped(ReadOnlySpan<byte> file) => file.StartsWith("{\"expether\":"u8);

    /// <param name="file">All of it.</param>
    /// <param name="kind">The only one that is wanted.</param>
    /// <param name="version">Of the state's format.</param>
    /// <param name="state">What was wrapped, byte by byte.</param>
    /// <returns>Empty; else what is wrong, and nothing of the file may be used.</returns>
    public static string TryOpen(ReadOnlySpan<byte> file, string kind, out int version, out ReadOnlySpan<byte> state)
    {
        version = 0;
        state = default;
        var rest = file;
        if (!TrySkip(ref rest, $"{{\"expether\":\"{kind}\",\"version\":"))
        {
            return file.IsEmpty ? "it is empty" : $"it does not begin as a file of kind '{kind}' does";
        }

        if (!TryNumber(ref rest, out var found) || !TrySkip(ref rest, ",\"bytes\":") || !TryNumber(ref rest, out var bytes))
        {
            return "its version or its length cannot be read";
        }

        var head = file[..^rest.Length];
        if (!TrySkip(ref rest, DigestOpen) || rest.Length < SHA256.HashSizeInBytes * 2)
        {
            return "it ends before its checksum, or the checksum's place is damaged";
        }

        var digest = rest[..(SHA256.HashSizeInBytes * 2)];
        rest = rest[digest.Length..];
        if (!TrySkip(ref rest, StateOpen) || rest.Length != bytes + Close.Length)
        {
            return string.Create(CultureInfo.InvariantCulture, $"it should hold {bytes} bytes of state, and is cut short, longer, or damaged in front of them");
        }

        var content = rest[..bytes];
        rest = rest[bytes..];
        if (!TrySkip(ref rest, Close) || !digest.SequenceEqual(Encoding.UTF8.GetBytes(DigestOf(head, content))))
        {
            return "its checksum does not fit: something in it is not as it was written";
        }

        version = found;
        state = content;
        return "";
    }

    private static string DigestOf(ReadOnlySpan<byte> head, ReadOnlySpan<byte> state) => Convert.ToHexStringLower(SHA256.HashData([.. head, .. state]));

    private static bool TrySkip(ref ReadOnlySpan<byte> rest, string text)
    {
        if (!rest.StartsWith(Encoding.UTF8.GetBytes(text)))
        {
            return false;
        }

        rest = rest[text.Length..];
        return true;
    }

    private static bool TryNumber(ref ReadOnlySpan<byte> rest, out int number)
    {
        number = 0;
        var digits = 0;
        for (; digits < rest.Length && digits < NumberDigitsMax && rest[digits] is >= (byte)'0' and <= (byte)'9'; digits++)
        {
            number = (number * 10) + (rest[digits] - '0');
        }

        rest = rest[digits..];
        return digits > 0;
    }
}
