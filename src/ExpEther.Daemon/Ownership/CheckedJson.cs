using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ExpEther.Link.Wire;

namespace ExpEther.Daemon.Ownership;

/// <summary>
/// State in a file that people can read: <c>{"format": N, "crc32c": "8 hexadecimal digits", "content": {…}}</c>, in one line. The checksum is that of
/// the content as it is written, without blanks, so that a file that was cut, mixed or edited is not taken for state.
/// </summary>
internal static class CheckedJson
{
    public static byte[] Write(int format, JsonObject content) => Encoding.UTF8.GetBytes(
        new JsonObject { ["format"] = format, ["crc32c"] = ChecksumOf(content), ["content"] = content }.ToJsonString() + "\n");

    /// <returns>The content; null: it is not one of this format, or is damaged.</returns>
    /// <param name="format">The only one that is understood.</param>
    /// <param name="text">All of the file.</param>
    /// <param name="why">What is wrong with it; empty when nothing is.</param>
    public static JsonObject? TryRead(int format, string text, out string why)
    {
        try
        {
            var file = JsonNode.Parse(text) as JsonObject;
            if (file?["format"] is not JsonValue number || !number.TryGetValue<int>(out var found)
                || file["content"] is not JsonObject content || file["crc32c"] is not JsonValue sum || !sum.TryGetValue<string>(out var expected))
            {
                why = "it is no file of state";
                return null;
            }

            why = found != format ? $"its format is {found}, and this version reads {format}"
                : expected != ChecksumOf(content) ? "its checksum is wrong"
                : "";
            return why.Length == 0 ? content : null;
        }
        catch (Exception e) when (e is JsonException or ArgumentException or InvalidOperationException)
        {
            // ArgumentException: a key that is there twice.
            why = e.Message;
            return null;
        }
    }

    private static string ChecksumOf(JsonObject content) =>
        Crc32C.Compute(Encoding.UTF8.GetBytes(content.ToJsonString())).ToString("x8", CultureInfo.InvariantCulture);
}
