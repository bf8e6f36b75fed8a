using System.Text.Json;
using System.Text.Json.Nodes;

namespace ExpEther.Daemon.Control;

/// <summary>
/// Members of an object that <see cref="StrictJson"/> read or this program made: one that is missing or of another kind is null, never an
/// exception.
/// </summary>
public static class JsonMembers
{
    public static string? TextOf(this JsonObject json, string name) =>
        json[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public static bool? FlagOf(this JsonObject json, string name) =>
        json[name] is JsonValue value && value.TryGetValue<bool>(out var flag) ? flag : null;

    /// <summary>A whole number, however it was stored or written: 3, 3.0 and 3e0 are one number (RFC 8259 §6).</summary>
    public static long? WholeOf(this JsonObject json, string name) => (json[name] as JsonValue)?.Whole();

    /// <inheritdoc cref="WholeOf"/>
    public static long? Whole(this JsonValue value)
    {
        if (value.GetValueKind() != JsonValueKind.Number)
        {
            return null;
        }

        if (value.TryGetValue<long>(out var whole))
        {
            return whole;
        }

        if (value.TryGetValue<int>(out var small))
        {
            return small;
        }

        // 2^63 as a double is the first number that does not fit.
        return value.TryGetValue<double>(out var real) && Math.Truncate(real) == real && real is >= long.MinValue and < 9223372036854775808.0
            ? (long)real
            : null;
    }
}
