using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ExpEther.Daemon.Control;

/// <summary>
/// Reads an object of JSON (RFC 8259) that another program wrote.
/// <para>
/// Theory: System.Text.Json decodes late. A string with half a surrogate pair, a doubled name deep inside or a number that fits nothing passes
/// its parser and throws where it is used. Here all of the text is decoded once, before anything of it is used, so that nothing throws
/// afterwards: every string is Unicode, every name of an object is there once, and every number is a finite <see cref="double"/>. I-JSON
/// (RFC 7493) forbids what is refused here.
/// </para>
/// </summary>
public static class StrictJson
{
    /// <param name="text">UTF-8, without a byte order mark.</param>
    /// <param name="depthMax">Levels of objects and lists.</param>
    /// <param name="value">The object.</param>
    /// <returns>False: not JSON, not an object, text that is no Unicode, a doubled name, a number out of range, or too deep.</returns>
    public static bool TryParseObject(ReadOnlySpan<byte> text, int depthMax, [NotNullWhen(true)] out JsonObject? value)
    {
        value = null;
        try
        {
            if (!IsDecodable(text, depthMax))
            {
                return false;
            }

            value = JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { MaxDepth = depthMax, AllowDuplicateProperties = false }) as JsonObject;
            return value is not null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            // The grammar; GetString of text that is no Unicode; a doubled name.
            return false;
        }
    }

    private static bool IsDecodable(ReadOnlySpan<byte> text, int depthMax)
    {
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = depthMax });
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.String:
                case JsonTokenType.PropertyName:
                    _ = reader.GetString();
                    break;
                case JsonTokenType.Number when !reader.TryGetDouble(out var number) || !double.IsFinite(number):
                    return false;
                default:
                    break;
            }
        }

        return true;
    }
}
