namespace ExpEther.Cli.Demo;

/// <summary>A range that was read and compared by its SHA-256.</summary>
internal sealed record DemoCheck(string What, string Disk, string Expected, string Actual)
{
    public bool IsRight => Expected == Actual;
}
