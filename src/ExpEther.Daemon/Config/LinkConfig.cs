namespace ExpEther.Daemon.Config;

/// <summary>The <c>[link]</c> table: what holds for all links of the daemon.</summary>
public sealed record LinkConfig
{
    /// <summary>False only where the file says <c>seal = "off"</c>.</summary>
    public bool Sealed { get; init; } = true;

    public TimeSpan LinkDead { get; init; } = TimeSpan.FromSeconds(20);

    public TimeSpan PathSilent { get; init; } = TimeSpan.FromSeconds(1);

    internal static LinkConfig Read(ConfigSection section)
    {
        var dead = section.Number("linkDeadSeconds", 1, 600, 20, "seconds");
        var silent = section.Number("pathSilentMs", 10, 60_000, 1000, "milliseconds");
        if (silent >= dead * 1000)
        {
            section.Wrong("pathSilentMs", $"{silent} is not below linkDeadSeconds ({dead} s)", "choose a shorter silence than death");
        }

        return new LinkConfig
        {
            Sealed = section.Choice("seal", "on", "on", "off") == "on",
            LinkDead = TimeSpan.FromSeconds(dead),
            PathSilent = TimeSpan.FromMilliseconds(silent),
        };
    }
}
