using System.Text.Json.Nodes;

namespace ExpEther.Daemon.Control;

/// <summary>How a command ended: a result, or an error with a code for programs and a message and a remedy for people.</summary>
public sealed class ControlReply
{
    private ControlReply(JsonObject? result, ControlError? error)
    {
        Result = result;
        Error = error;
    }

    public JsonObject? Result { get; }

    public ControlError? Error { get; }

    public static ControlReply Ok(JsonObject result) => new(result, null);

    public static ControlReply Fail(string code, string message, string remedy, JsonObject? details = null) =>
        new(null, new ControlError(code, message, remedy) { Details = details });
}
