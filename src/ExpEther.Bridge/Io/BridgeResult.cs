using ExpEther.Link.Ethernet;

namespace ExpEther.Bridge.Io;

/// <summary>How an attach, detach or move ended. A refusal is a value: code for programs, message and remedy for people.</summary>
public sealed record BridgeResult
{
    public required bool Ok { get; init; }

    /// <summary>Empty on success; else one of <see cref="RefusalCode"/>.</summary>
    public string Code { get; init; } = "";

    public string Message { get; init; } = "";

    /// <summary>What to do next; may be empty on success.</summary>
    public string Remedy { get; init; } = "";

    public string Function { get; init; } = "";

    /// <summary>The owner before; null: none.</summary>
    public string? From { get; init; }

    /// <summary>The owner after; null: none.</summary>
    public string? To { get; init; }

    public VlanId VlanBefore { get; init; }

    public VlanId VlanAfter { get; init; }

    /// <summary>Of the assignment that this made; 0 when it made none.</summary>
    public ulong Generation { get; init; }

    public IReadOnlyList<BridgeStep> Steps { get; init; } = [];

    public static BridgeResult Refused(string code, string message, string remedy, string function = "") =>
        new() { Ok = false, Code = code, Message = message, Remedy = remedy, Function = function };
}
