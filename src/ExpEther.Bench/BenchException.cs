namespace ExpEther.Bench;

/// <summary>A bench cannot be run, or failed. The message says why, the remedy what to do.</summary>
public sealed class BenchException(string message, string remedy, bool isSkip = false) : Exception(message)
{
    public string Remedy { get; } = remedy;

    /// <summary>True: this machine lacks something; nothing is wrong.</summary>
    public bool IsSkip { get; } = isSkip;

    /// <summary>What the bench needs is not here.</summary>
    public static BenchException Missing(string what, string remedy) => new(what, remedy, isSkip: true);
}
