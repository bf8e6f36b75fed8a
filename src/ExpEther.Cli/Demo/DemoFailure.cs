namespace ExpEther.Cli.Demo;

/// <summary>The demo cannot go on. The message is the reason a user reads.</summary>
internal sealed class DemoFailure(string code, string message, string remedy) : Exception(message)
{
    public string Code { get; } = code;

    public string Remedy { get; } = remedy;
}
