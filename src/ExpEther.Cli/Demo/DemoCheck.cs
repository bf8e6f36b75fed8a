namespace ExpEther.Cli.Demo;

/// <summary>A namespace that was read and compared by its SHA-256.</summary>
/// <param name="What">When, or why.</param>
/// <param name="Disk">Which.</param>
/// <param name="Expected">What it should be.</param>
/// <param name="Actual">What it was.</param>
/// <param name="IsOfShared">Of what all hosts see.</param>
internal sealed record DemoCheck(string What, string Disk, string Expected, string Actual, bool IsOfShared)
{
    public bool IsRight => Expected == Actual;
}
