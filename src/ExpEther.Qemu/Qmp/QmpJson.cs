using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace ExpEther.Qemu.Qmp;

/// <summary>Reading of JSON that somebody else wrote: what is missing or of another type is false, never an exception.</summary>
internal static class QmpJson
{
    /// <summary>A line as a JSON object. False for anything else, text that is no UTF-8 and doubled names included.</summary>
    public static bool TryParse(ReadOnlySpan<byte> line, out JsonElement value)
    {
        try
        {
            value = JsonElement.Parse(line, new JsonDocumentOptions { AllowDuplicateProperties = false });
            return value.ValueKind == JsonValueKind.Object;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            value = default;
            return false;
        }
    }

    /// <summary>A member of a kind; undefined when it is missing or of another.</summary>
    public static bool TryGet(this JsonElement element, string name, JsonValueKind kind, out JsonElement value)
    {
        if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out value) && value.ValueKind == kind)
        {
            return true;
        }

        value = default;
        return false;
    }

    public static bool TryGetText(this JsonElement element, string name, [NotNullWhen(true)] out string? text)
    {
        text = element.TryGet(name, JsonValueKind.String, out var value) ? value.Text() : null;
        return text is not null;
    }

    /// <summary>A string's text; null for anything else.</summary>
    public static string? Text(this JsonElement element)
    {
        try
        {
            return element.ValueKind == JsonValueKind.String ? element.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair: JSON allows it, UTF-16 does not.
            return null;
        }
    }

    public static bool TryGetNumber(this JsonElement element, string name, out long number)
    {
        number = 0;
        return element.TryGet(name, JsonValueKind.Number, out var value) && value.TryGetInt64(out number);
    }

    public static bool IsTrue(this JsonElement element, string name) => element.TryGet(name, JsonValueKind.True, out _);

    /// <summary>The elements of a list; none when it is no list.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : [];
}
