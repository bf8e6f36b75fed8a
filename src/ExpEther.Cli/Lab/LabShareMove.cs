using System.Text.Json.Nodes;

namespace ExpEther.Cli.Lab;

/// <summary>A function's way from one guest to another.</summary>
/// <param name="from">Who had it.</param>
/// <param name="to">Who has it.</param>
internal sealed class LabShareMove(string from, string to)
{
    /// <summary>From the order to move until the old guest had no disk any more.</summary>
    public double RemoveMs { get; set; }

    /// <summary>From then until the new guest had one.</summary>
    public double AddMs { get; set; }

    /// <summary>All that the old guest wrote was found by the new one.</summary>
    public bool IsVerified { get; set; }

    public JsonObject ToJson() => new()
    {
        ["from"] = from, ["to"] = to, ["removeMs"] = Math.Round(RemoveMs, 1), ["addMs"] = Math.Round(AddMs, 1), ["verified"] = IsVerified,
    };
}
