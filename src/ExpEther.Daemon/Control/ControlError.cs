using System.Text.Json.Nodes;

namespace ExpEther.Daemon.Control;

/// <summary>An error as it travels: docs/control-protocol.md lists the codes.</summary>
public sealed record ControlError(string Code, string Message, string Remedy)
{
    public JsonObject ToJson() => new() { ["code"] = Code, ["message"] = Message, ["remedy"] = Remedy };
}
