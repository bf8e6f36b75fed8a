using System.Text.Json.Nodes;

namespace ExpEther.Daemon.Control;

/// <summary>An error as it travels: docs/control-protocol.md lists the codes.</summary>
public sealed record ControlError(string Code, string Message, string Remedy)
{
    /// <summary>What some codes say besides, as members beside the three; null: nothing.</summary>
    public JsonObject? Details { get; init; }

    public JsonObject ToJson()
    {
        var json = new JsonObject { ["code"] = Code, ["message"] = Message };
        if (Remedy.Length > 0)
        {
            json["remedy"] = Remedy;
        }

        foreach (var (name, value) in Details ?? [])
        {
            json[name] = value?.DeepClone();
        }

        return json;
    }

    /// <summary>What <see cref="ToJson"/> made. Whatever is missing is empty.</summary>
    public static ControlError Of(JsonObject json)
    {
        var details = json.DeepClone().AsObject();
        var error = new ControlError(Take("code"), Take("message"), Take("remedy"));
        return details.Count > 0 ? error with { Details = details } : error;

        string Take(string name)
        {
            var text = details.TextOf(name) ?? "";
            details.Remove(name);
            return text;
        }
    }
}
