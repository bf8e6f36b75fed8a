using System.Text.Json;
using System.Text.Json.Nodes;

namespace ExpEther.Daemon.Control;

/// <summary>The arguments of a call. What is wrong with them is collected, and told in one reply.</summary>
public sealed class ControlArguments(JsonObject json)
{
    private readonly HashSet<string> _asked = [];
    private readonly List<string> _wrong = [];

    public string? Text(string name) => Get(name, JsonValueKind.String) is not null ? json.TextOf(name) : null;

    public string RequiredText(string name)
    {
        var text = Text(name);
        if (string.IsNullOrEmpty(text) && _wrong.Count == 0)
        {
            _wrong.Add($"'{name}' is missing");
        }

        return text ?? "";
    }

    public long? Number(string name, long min, long max)
    {
        if (Get(name, JsonValueKind.Number) is not { } value)
        {
            return null;
        }

        if (value.Whole() is { } number && number >= min && number <= max)
        {
            return number;
        }

        _wrong.Add($"'{name}' is {value.ToJsonString()}, allowed are {min} to {max}");
        return null;
    }

    public long RequiredNumber(string name, long min, long max)
    {
        var wrong = _wrong.Count;
        var number = Number(name, min, max);
        if (number is null && _wrong.Count == wrong)
        {
            _wrong.Add($"'{name}' is missing");
        }

        return number ?? min;
    }

    public double? Fraction(string name, double min, double max)
    {
        if (Get(name, JsonValueKind.Number) is not { } value)
        {
            return null;
        }

        if ((value.TryGetValue<double>(out var real) ? real : (double?)value.Whole()) is { } number && number >= min && number <= max)
        {
            return number;
        }

        _wrong.Add($"'{name}' is {value.ToJsonString()}, allowed are {min} to {max}");
        return null;
    }

    public bool? Flag(string name)
    {
        _asked.Add(name);
        switch (json[name]?.GetValueKind())
        {
            case null:
                return null;
            case JsonValueKind.True:
                return true;
            case JsonValueKind.False:
                return false;
            default:
                _wrong.Add($"'{name}' is not true or false");
                return null;
        }
    }

    /// <summary>After all arguments were asked for: the error, if any of them was wrong or unknown.</summary>
    public ControlReply? Mistake()
    {
        foreach (var (name, _) in json)
        {
            if (!_asked.Contains(name))
            {
                _wrong.Add($"'{name}' is not known");
            }
        }

        return _wrong.Count == 0
            ? null
            : ControlReply.Fail(
                ControlErrorCode.BadArgument,
                string.Join(", ", _wrong),
                _asked.Count == 0 ? "this command takes no arguments" : $"arguments of this command: {string.Join(", ", _asked)}");
    }

    private JsonValue? Get(string name, JsonValueKind kind)
    {
        _asked.Add(name);
        if (json[name] is not { } node)
        {
            return null;
        }

        if (node.GetValueKind() == kind)
        {
            return node.AsValue();
        }

        _wrong.Add($"'{name}' is not a {(kind == JsonValueKind.String ? "string" : "number")}");
        return null;
    }
}
