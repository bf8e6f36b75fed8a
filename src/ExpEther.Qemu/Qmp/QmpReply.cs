using System.Text.Json;

namespace ExpEther.Qemu.Qmp;

/// <summary>The end of a command.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Value">Done: what was returned.</param>
/// <param name="ErrorClass">Refused: QEMU's class of error (QMP specification: GenericError, DeviceNotFound, …).</param>
/// <param name="Text">All but Done: in words, QEMU's where it answered.</param>
public readonly record struct QmpReply(QmpOutcome Outcome, JsonElement Value, string ErrorClass, string Text)
{
    public bool IsDone => Outcome == QmpOutcome.Done;

    internal static QmpReply Of(JsonElement value) => new(QmpOutcome.Done, value, "", "");

    internal static QmpReply Failed(QmpOutcome outcome, string text) => new(outcome, default, "", text);
}
