namespace ExpEther.Bridge.Io.Namespaces;

/// <summary>How a command about a namespace ended. A refusal is a value, as in <see cref="BridgeResult"/>.</summary>
public sealed record NamespaceReply
{
    public required bool Ok { get; init; }

    /// <summary>Empty on success; else one of <see cref="RefusalCode"/>.</summary>
    public string Code { get; init; } = "";

    /// <summary>On success: what its owner sees of it now, where that is not plain.</summary>
    public string Message { get; init; } = "";

    /// <summary>What to do next; may be empty on success.</summary>
    public string Remedy { get; init; } = "";

    public string Device { get; init; } = "";

    /// <summary>The namespace as it is now; null when there is none, or it was deleted.</summary>
    public NamespaceStatus? Namespace { get; init; }

    public static NamespaceReply Refused(string code, string message, string remedy, string device) =>
        new() { Ok = false, Code = code, Message = message, Remedy = remedy, Device = device };
}
