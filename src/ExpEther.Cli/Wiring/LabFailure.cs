namespace ExpEther.Cli.Wiring;

/// <summary>The demo, or the laboratory, cannot go on. The message is the reason a user reads.</summary>
internal sealed class LabFailure(string code, string message, string remedy) : Exception(message)
{
    public string Code { get; } = code;

    public string Remedy { get; } = remedy;
}
